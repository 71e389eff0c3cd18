"""All reads and writes of handoffs: who waits, who has whom, for how long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from . import conversations
from .db import Sessions
from .errors import AlreadyClaimed, NotOwner, NotQueued, NotWaiting, NotYours
from .metrics import HANDOFFS
from .models import Agent, AuditEntry, Conversation, Event, Handoff, Turn, now

RANKS = {"urgent": 0, "high": 1, "normal": 2}
PRIORITIES = {rank: name for name, rank in RANKS.items()}
KNOWN_REASONS = {"asked", "emergency", "not_understood", "sensitive", "language", "assistant_unavailable", "appointment", "incident"}
LISTED = 200
SUMMARY_MESSAGES = 3
SUMMARY_CHARACTERS = 160

PUT_BACK = {
    "released": "Votre conversation retourne en tête de la file : un autre agent pourra la reprendre. Tout ce que vous avez écrit sera lu.",
    "agent_lost": "L’agent n’est plus en ligne. Votre conversation retourne en tête de la file : un autre agent pourra la reprendre et "
    "lira tout ce que vous avez écrit.",
}


# --- into the queue ----------------------------------------------------------------------------------------------


async def enqueue(
    session: AsyncSession,
    conversation: Conversation,
    *,
    reason: str,
    rank: int | None = None,
    skills: list[str] | None = None,
    language: str = "fr",
    territory: str | None = None,
    summary: str | None = None,
    slots: dict[str, Any] | None = None,
    answered_seq: int | None = None,
    announce: bool = False,
    agents_online: bool = True,
) -> tuple[Handoff, int]:
    """Puts a locked conversation into the queue: `(handoff, place)`.

    When it waits already or an agent has it, that handoff is returned, made more urgent when asked. The assistant's pending
    answers are cancelled, but for the one to the message `answered_seq` in which the assistant itself asked for a person.
    With `announce` the front desk tells the citizen; otherwise whoever called does.
    """
    handoff = await session.scalar(_open(conversation.id))
    if conversation.urgent_at is not None:
        rank = RANKS["urgent"]
    if handoff is not None:
        if rank is not None and rank < handoff.rank:
            handoff.rank = rank
            handoff.reason = reason
        await session.flush()
        return handoff, (await _place(session, handoff))[0]
    handoff = Handoff(
        conversation_id=conversation.id,
        status="waiting",
        reason=reason,
        rank=RANKS["normal"] if rank is None else rank,
        skills=skills or [],
        language=language,
        territory=territory,
        summary=summary or await _summarise(session, conversation.id),
        slots=slots or {},
        created_at=now(),
    )
    session.add(handoff)
    HANDOFFS.labels(reason if reason in KNOWN_REASONS else "other").inc()
    conversation.owner = "queue"
    await session.execute(
        update(Turn)
        .where(
            Turn.conversation_id == conversation.id,
            Turn.status == "pending",
            Turn.kind == "message",
            Turn.seq != (answered_seq or 0),
        )
        .values(status="cancelled", ended_at=now())
    )
    await session.flush()
    place, _ = await _place(session, handoff)
    conversations.append(session, conversation, type="owner", author="system", data={"owner": "queue", "reason": reason})
    conversations.append(session, conversation, type="queue", author="system", data={"place": place})
    if announce:
        conversations.append(session, conversation, type="message", author="system", data=_notice(place, agents_online))
    return handoff, place


def _notice(place: int, agents_online: bool) -> dict[str, Any]:
    before = {1: "Vous êtes la prochaine personne de la file.", 2: "Une personne est avant vous."}.get(
        place, f"{place - 1} personnes sont avant vous."
    )
    text = f"Votre demande est transmise à un agent. {before} Vous pouvez continuer à écrire : l’agent lira tout."
    if not agents_online:
        text = (
            "Votre demande est dans la file, mais aucun agent n’est connecté en ce moment. Elle y reste jusqu’à ce "
            "que quelqu’un la prenne. En attendant, vous pouvez revenir à l’assistant. En cas de danger : appelez le 17, "
            "ou écrivez au 114 par SMS."
        )
    return {
        "text": text,
        "kind": "notice",
        "buttons": [{"title": "Revenir à l’assistant", "payload": "/assistant"}],
    }


async def _summarise(session: AsyncSession, conversation_id: str) -> str:
    """What an agent sees first when nobody wrote a summary: the citizen's last words, shortened."""
    texts = await session.scalars(
        select(Event.data)
        .where(Event.conversation_id == conversation_id, Event.type == "message", Event.author == "citizen")
        .order_by(Event.seq.desc())
        .limit(SUMMARY_MESSAGES + 1)
    )
    said = [data["text"] for data in texts if not data.get("payload")][:SUMMARY_MESSAGES]
    short = [text if len(text) <= SUMMARY_CHARACTERS else text[: SUMMARY_CHARACTERS - 1].rstrip() + "…" for text in reversed(said)]
    return " / ".join(short) or "Demande à parler à une personne, sans autre message."


async def leave(session: AsyncSession, conversation: Conversation) -> None:
    """Gives a waiting conversation back to the assistant. Raises `NotWaiting` when an agent has it."""
    handoff = await session.scalar(_open(conversation.id))
    if handoff is None:
        return
    if handoff.status == "claimed":
        raise NotWaiting
    handoff.status, handoff.ended_at = "cancelled", now()
    await _return_to_assistant(session, conversation, reason="citizen_left_queue")
    conversations.append(
        session,
        conversation,
        type="message",
        author="system",
        data={"text": "Vous parlez de nouveau avec l’assistant automatique. Posez votre question.", "kind": "notice"},
    )


async def _return_to_assistant(session: AsyncSession, conversation: Conversation, *, reason: str, agent_name: str | None = None) -> None:
    conversation.owner = "assistant"
    # A transcript that is still pending will be told before this one: turns are worked off in order.
    will_know = or_(Turn.status == "done", and_(Turn.status == "pending", Turn.kind == "transcript"))
    known = await session.scalar(select(func.max(Turn.seq)).where(Turn.conversation_id == conversation.id, will_know))
    session.add(
        Turn(
            conversation_id=conversation.id,
            kind="transcript",
            seq=conversation.last_seq,
            after_seq=known or 0,
            status="pending",
            created_at=now(),
        )
    )
    conversations.append(
        session,
        conversation,
        type="owner",
        author="system",
        data={"owner": "assistant", "reason": reason, "agent_name": agent_name},
    )


# --- claims ------------------------------------------------------------------------------------------------------


def claimable() -> ColumnElement[bool]:
    """What makes a claim safe: only a handoff that still waits can be taken."""
    return Handoff.status == "waiting"


async def claim(sessions: Sessions, conversation_id: str, agent: Agent, lease: timedelta) -> Handoff:
    """Takes a waiting conversation, with one conditional UPDATE: of two agents, one gets it.

    Raises `AlreadyClaimed` (with the other's name) or `NotQueued`. Claiming one's own again is fine.
    """
    async with sessions.begin() as session:
        conversation = await conversations.lock(session, conversation_id)
        open_id = await session.scalar(_open(conversation_id).with_only_columns(Handoff.id))
        taken = await session.scalar(
            update(Handoff)
            .where(Handoff.id == (open_id or 0), claimable())
            .values(status="claimed", agent_id=agent.id, claimed_at=now(), lease_expires_at=now() + lease)
            .returning(Handoff.id)
        )
        handoff = await session.get(Handoff, open_id, populate_existing=True) if open_id else None
        if handoff is None:
            raise NotQueued
        if taken is None:
            if handoff.agent_id == agent.id:
                handoff.lease_expires_at = now() + lease
                return handoff
            other = await session.get(Agent, handoff.agent_id)
            raise AlreadyClaimed(agent_name=other.name if other else None)
        conversation.owner = "agent"
        conversations.append(
            session,
            conversation,
            type="owner",
            author="system",
            data={"owner": "agent", "agent_name": agent.name, "reason": "claimed"},
            agent_id=agent.id,
        )
        session.add(_audit(agent.id, "claim", conversation_id))
        return handoff


async def renew_one(session: AsyncSession, conversation_id: str, agent_id: int, lease: timedelta) -> datetime:
    """Renews one claim inside a transaction and gives its new end. Raises `NotOwner` when it isn't this agent's."""
    expires = now() + lease
    renewed = await session.scalar(
        update(Handoff)
        .where(Handoff.conversation_id == conversation_id, Handoff.status == "claimed", Handoff.agent_id == agent_id)
        .values(lease_expires_at=expires)
        .returning(Handoff.id)
    )
    if renewed is None:
        raise NotOwner
    return expires


async def renew(sessions: Sessions, conversation_id: str, agent: Agent, lease: timedelta) -> datetime:
    """Renews one claim. Raises `NotOwner`."""
    async with sessions.begin() as session:
        return await renew_one(session, conversation_id, agent.id, lease)


async def renew_all(sessions: Sessions, agent: Agent, lease: timedelta) -> list[str]:
    """Renews every claim of an agent and gives the conversations that are still theirs."""
    async with sessions.begin() as session:
        renewed = await session.scalars(
            update(Handoff)
            .where(Handoff.status == "claimed", Handoff.agent_id == agent.id)
            .values(lease_expires_at=now() + lease)
            .returning(Handoff.conversation_id)
        )
        return list(renewed)


async def release(sessions: Sessions, conversation_id: str, agent: Agent) -> None:
    """Puts a conversation back to the head of the queue at the agent's wish. Raises `NotOwner`."""
    async with sessions.begin() as session:
        conversation = await conversations.lock(session, conversation_id)
        handoff = await _own(session, conversation_id, agent)
        _put_back(session, conversation, handoff, reason="released")
        session.add(_audit(agent.id, "release", conversation_id))


async def close(
    sessions: Sessions, conversation_id: str, agent: Agent, *, outcome: str, return_to_assistant: bool, note: str | None
) -> str:
    """Ends an agent's part and gives the conversation's new owner. Raises `NotOwner`."""
    async with sessions.begin() as session:
        conversation = await conversations.lock(session, conversation_id)
        handoff = await _own(session, conversation_id, agent)
        handoff.status, handoff.outcome, handoff.note, handoff.ended_at = "closed", outcome, note, now()
        handoff.lease_expires_at = None
        conversation.urgent_at, conversation.urgent_category = None, None
        session.add(_audit(agent.id, "close", conversation_id, outcome=outcome, returned=return_to_assistant))
        await _return_to_assistant(
            session,
            conversation,
            reason="returned" if return_to_assistant else "closed",
            agent_name=agent.name,
        )
        if not return_to_assistant:
            conversation.closed_at = now()
            conversations.append(session, conversation, type="closed", author="system", data={"outcome": outcome})
        return conversation.owner


async def expire_leases(sessions: Sessions) -> list[str]:
    """Puts conversations whose agent vanished back to the head of the queue, and gives their ids."""
    async with sessions() as session:
        ids = list(await session.scalars(select(Handoff.conversation_id).where(*_expired())))
    expired = []
    for conversation_id in ids:
        async with sessions.begin() as session:
            conversation = await conversations.lock(session, conversation_id)
            handoff = await session.scalar(select(Handoff).where(Handoff.conversation_id == conversation_id, *_expired()))
            if handoff is None:  # renewed or closed in between
                continue
            session.add(_audit(handoff.agent_id, "lease_expired", conversation_id))
            _put_back(session, conversation, handoff, reason="agent_lost")
            expired.append(conversation_id)
    return expired


async def grace_leases(sessions: Sessions, lease: timedelta) -> None:
    """Gives every claim a whole lease: while the front desk was down, no console could renew."""
    async with sessions.begin() as session:
        await session.execute(update(Handoff).where(Handoff.status == "claimed").values(lease_expires_at=now() + lease))


def _expired() -> tuple[ColumnElement[bool], ...]:
    return (Handoff.status == "claimed", Handoff.lease_expires_at < now())


def _put_back(session: AsyncSession, conversation: Conversation, handoff: Handoff, *, reason: str) -> None:
    handoff.status, handoff.agent_id, handoff.lease_expires_at = "waiting", None, None
    handoff.returned_at = now()
    conversation.owner = "queue"
    conversations.append(session, conversation, type="owner", author="system", data={"owner": "queue", "reason": reason})
    conversations.append(
        session,
        conversation,
        type="message",
        author="system",
        data={
            "text": PUT_BACK[reason],
            "kind": "notice",
        },
    )


async def _own(session: AsyncSession, conversation_id: str, agent: Agent) -> Handoff:
    handoff = await session.scalar(_open(conversation_id))
    if handoff is None or handoff.status != "claimed" or handoff.agent_id != agent.id:
        raise NotOwner
    return handoff


def _audit(agent_id: int | None, action: str, conversation_id: str, **data: Any) -> AuditEntry:
    return AuditEntry(at=now(), agent_id=agent_id, action=action, conversation_id=conversation_id, data=data)


# --- reads -------------------------------------------------------------------------------------------------------


def _open(conversation_id: str) -> Select[Handoff]:
    return select(Handoff).where(Handoff.conversation_id == conversation_id, Handoff.status.in_(("waiting", "claimed")))


async def place(session: AsyncSession, conversation_id: str) -> dict[str, int] | None:
    """`{place, waiting}` of a waiting conversation; place 1 is next."""
    handoff = await session.scalar(_open(conversation_id).where(Handoff.status == "waiting"))
    if handoff is None:
        return None
    own, waiting = await _place(session, handoff)
    return {"place": own, "waiting": waiting}


async def _place(session: AsyncSession, handoff: Handoff) -> tuple[int, int]:
    """Place and length. Order: those an agent lost (oldest first), then by urgency, then by arrival."""
    waiting = await session.scalar(select(func.count()).where(Handoff.status == "waiting")) or 0
    same_class = Handoff.returned_at.is_not(None) if handoff.returned_at else Handoff.returned_at.is_(None)
    earlier = and_(
        same_class,
        or_(
            Handoff.rank < handoff.rank if not handoff.returned_at else Handoff.returned_at < handoff.returned_at,
            and_(
                Handoff.rank == handoff.rank if not handoff.returned_at else Handoff.returned_at == handoff.returned_at,
                Handoff.id < handoff.id,
            ),
        ),
    )
    if not handoff.returned_at:
        earlier = or_(Handoff.returned_at.is_not(None), earlier)
    before = await session.scalar(select(func.count()).where(Handoff.status == "waiting", earlier)) or 0
    return before + 1, waiting


async def overview(reads: Sessions, agent: Agent) -> dict[str, list[dict[str, Any]]]:
    """What a console shows: `waiting` in the order in which they are to be taken (at most 200), and `mine`."""
    async with reads() as session:
        waiting = await session.scalars(
            select(Handoff)
            .where(Handoff.status == "waiting")
            .order_by(Handoff.returned_at.is_(None), Handoff.returned_at, Handoff.rank, Handoff.id)
            .limit(LISTED)
        )
        mine = await session.scalars(
            select(Handoff).where(Handoff.status == "claimed", Handoff.agent_id == agent.id).order_by(Handoff.claimed_at)
        )
        return {
            "waiting": [await handoff_out(session, handoff) for handoff in waiting],
            "mine": [await handoff_out(session, handoff) for handoff in mine],
        }


async def current(session: AsyncSession, conversation_id: str) -> Handoff | None:
    """The open handoff of a conversation."""
    return await session.scalar(_open(conversation_id))


async def handoff_out(session: AsyncSession, handoff: Handoff) -> dict[str, Any]:
    """A handoff as the API tells it; see `schemas.HandoffOut`. `unread` counts what the citizen said since the agent's last word."""
    conversation = await session.get_one(Conversation, handoff.conversation_id)
    agent = await session.get(Agent, handoff.agent_id) if handoff.agent_id else None
    said = (Event.conversation_id == handoff.conversation_id, Event.type == "message")
    last_at = await session.scalar(select(func.max(Event.at)).where(*said, Event.author == "citizen"))
    answered = await session.scalar(select(func.max(Event.seq)).where(*said, Event.author == "agent")) or 0
    unread = await session.scalar(select(func.count()).select_from(Event).where(*said, Event.author == "citizen", Event.seq > answered))
    return {
        "conversation_id": handoff.conversation_id,
        "handoff_id": str(handoff.id),
        "status": handoff.status,
        "reason": handoff.reason,
        "priority": PRIORITIES[handoff.rank],
        "urgent": conversation.urgent_at is not None or handoff.rank == RANKS["urgent"],
        "language": handoff.language,
        "summary": handoff.summary,
        "slots": handoff.slots,
        "waiting_since": conversations.iso(handoff.created_at),
        "agent_name": agent.name if agent else None,
        "last_text_at": conversations.iso(last_at) if last_at else None,
        "last_seq": conversation.last_seq,
        "unread": unread or 0,
        "lease_expires_at": conversations.iso(handoff.lease_expires_at) if handoff.lease_expires_at else None,
    }


async def read_transcript(sessions: Sessions, conversation_id: str, agent: Agent) -> tuple[Conversation, dict[str, Any] | None]:
    """Lets an agent read a conversation, and writes that down. Raises `NotYours` unless it waits or is theirs."""
    async with sessions.begin() as session:
        conversation = await conversations.lock(session, conversation_id)
        handoff = await current(session, conversation_id)
        if handoff is None or not _readable(handoff, agent):
            raise NotYours
        session.add(_audit(agent.id, "read", conversation_id, up_to=conversation.last_seq))
        return conversation, await handoff_out(session, handoff)


async def may_read(reads: Sessions, conversation_id: str, agent: Agent) -> bool:
    """Whether an agent may (still) read a conversation: it waits, or it is theirs. Nothing is written down."""
    async with reads() as session:
        handoff = await current(session, conversation_id)
    return handoff is not None and _readable(handoff, agent)


def _readable(handoff: Handoff, agent: Agent) -> bool:
    return handoff.status == "waiting" or handoff.agent_id == agent.id


async def waiting_count(reads: Sessions) -> int:
    """How many conversations wait for an agent."""
    async with reads() as session:
        return await session.scalar(select(func.count()).where(Handoff.status == "waiting")) or 0
