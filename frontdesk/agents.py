"""All reads and writes of agents' accounts and sessions."""

from __future__ import annotations

from datetime import timedelta

from pydantic import TypeAdapter, ValidationError
from pydantic.networks import EmailStr
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from .db import Sessions
from .errors import AgentExists, BadCredentials, BadRequest, LockedOut, NoSuchAgent, NotSignedIn, WeakPassword
from .models import Agent, AgentSession, AuditEntry, SignInFailure, now
from .security import check_password, hash_password, hash_token, new_token

ROLES = ("agent", "supervisor")
SESSION_LIFE = timedelta(hours=12)
MAX_FAILURES = 5
LOCK_OUT = timedelta(minutes=15)
PASSWORD_LENGTH = range(12, 257)

_email = TypeAdapter(EmailStr)


async def add_agent(sessions: Sessions, *, email: str, name: str, role: str, password: str) -> Agent:
    """Opens an account. Raises `BadRequest`, `WeakPassword` or `AgentExists`."""
    try:
        address = _email.validate_python(email.strip().lower())
    except ValidationError:
        raise BadRequest("L’adresse e-mail n’est pas valide.") from None
    if role not in ROLES:
        raise BadRequest(f"Le rôle doit être l’un de ceux-ci : {', '.join(ROLES)}.")
    if not 1 <= len(name.strip()) <= 80:
        raise BadRequest("Le nom doit compter de 1 à 80 caractères.")
    if len(password) not in PASSWORD_LENGTH:
        raise WeakPassword
    agent = Agent(email=address, name=name.strip(), role=role, password_hash=await hash_password(password), created_at=now())
    try:
        async with sessions.begin() as session:
            session.add(agent)
    except IntegrityError:
        raise AgentExists from None
    return agent


async def list_agents(reads: Sessions) -> list[Agent]:
    """Every account, by address."""
    async with reads() as session:
        return list(await session.scalars(select(Agent).order_by(Agent.email)))


async def disable_agent(sessions: Sessions, email: str) -> None:
    """Closes an account and its sessions. Raises `NoSuchAgent`."""
    async with sessions.begin() as session:
        agent = await session.scalar(select(Agent).where(Agent.email == email.strip().lower(), Agent.disabled_at.is_(None)))
        if agent is None:
            raise NoSuchAgent
        agent.disabled_at = now()
        await session.execute(delete(AgentSession).where(AgentSession.agent_id == agent.id))
        session.add(AuditEntry(at=now(), agent_id=agent.id, action="disabled", data={}))


async def sign_in(sessions: Sessions, email: str, password: str) -> tuple[Agent, str, str]:
    """Checks a password and opens a session: `(agent, cookie, csrf_token)`.

    Five failures for one address lock it for 15 minutes, whether it exists or not. Raises `BadCredentials` or `LockedOut`.
    """
    async with sessions() as session:
        _check_lock(await session.get(SignInFailure, email))
        agent = await session.scalar(select(Agent).where(Agent.email == email, Agent.disabled_at.is_(None)))
    # Outside of any transaction: the hash takes long on purpose.
    fits = await check_password(agent.password_hash if agent else None, password)
    async with sessions.begin() as session:
        failure = await _lock_failures(session, email)
        # Looked at again: many tries at once must not get more than five answers either.
        _check_lock(failure)
        if agent is None or not fits:
            if now() - failure.last_at > LOCK_OUT:
                failure.failures = 0
            failure.failures += 1
            failure.last_at = now()
            if failure.failures >= MAX_FAILURES:
                failure.locked_until, failure.failures = now() + LOCK_OUT, 0
        else:
            await session.delete(failure)
            await session.execute(delete(AgentSession).where(AgentSession.expires_at < now()))
            cookie, csrf_token = new_token(), new_token()
            session.add(
                AgentSession(
                    token_hash=hash_token(cookie),
                    agent_id=agent.id,
                    csrf_token=csrf_token,
                    created_at=now(),
                    expires_at=now() + SESSION_LIFE,
                )
            )
            session.add(AuditEntry(at=now(), agent_id=agent.id, action="sign_in", data={}))
            return agent, cookie, csrf_token
    raise BadCredentials


def _check_lock(failure: SignInFailure | None) -> None:
    if failure is not None and failure.locked_until is not None and failure.locked_until > now():
        raise LockedOut(retry_after=round((failure.locked_until - now()).total_seconds()) + 1)


async def _lock_failures(session: AsyncSession, email: str) -> SignInFailure:
    """The address' count of failures, made when there is none, locked until the transaction ends: tries at once are counted one by one."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.execute(insert(SignInFailure).values(email=email, failures=0, last_at=now()).on_conflict_do_nothing())
    return await session.get_one(SignInFailure, email, with_for_update=True)


async def by_cookie(reads: Sessions, cookie: str | None) -> tuple[Agent, str]:
    """The agent of a session and its CSRF token. Raises `NotSignedIn`."""
    async with reads() as session:
        row = (
            await session.execute(
                select(Agent, AgentSession.csrf_token)
                .join(AgentSession, AgentSession.agent_id == Agent.id)
                .where(
                    AgentSession.token_hash == hash_token(cookie or ""),
                    AgentSession.expires_at > now(),
                    Agent.disabled_at.is_(None),
                )
            )
        ).one_or_none()
    if row is None:
        raise NotSignedIn
    return row[0], row[1]


async def sign_out(sessions: Sessions, cookie: str) -> None:
    """Ends a session."""
    async with sessions.begin() as session:
        await session.execute(delete(AgentSession).where(AgentSession.token_hash == hash_token(cookie)))
