"""All reads and writes of conversations and their events."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from . import queue
from .alarm import Alarm
from .db import Sessions
from .emergency import Match
from .errors import NotFound
from .live import Hub
from .metrics import EMERGENCIES
from .models import Agent, Conversation, Event, Handoff, Turn, now
from .security import hash_token, new_token, same

EVENTS_PER_READ = 200
EMERGENCY_BUTTONS = [{"title": "Revenir à l’assistant", "payload": "/assistant"}]

# The soft line: for a message that may tell of a danger. Numbers: service-public.gouv.fr F33954, urgence114.fr.
SOFT_PAUSE = timedelta(minutes=10)
NUMBERS = "Si vous êtes en danger maintenant : appelez le 17 ou le 112, ou envoyez un SMS au 114 si vous ne pouvez pas parler."
NUMBERS_PHONES = [
    {"label": "Police ou gendarmerie, urgence", "number": "17", "href": "tel:17", "note": "gratuit, 24 h/24"},
    {"label": "Urgence sans parler, par SMS", "number": "114", "href": "sms:114", "note": "gratuit, 24 h/24, pas d’appel vocal"},
]


@dataclass(frozen=True)
class Posted:
    """What became of a message: its number, whether it is new, and whether the assistant owes an answer."""

    seq: int
    created: bool
    turn: bool = False
    queue_changed: bool = False


def iso(moment: datetime) -> str:
    """A time as the API tells it: ISO 8601, UTC, milliseconds, `Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def create(sessions: Sessions) -> tuple[str, str]:
    """Opens a conversation: `(id, token)`. The token is not stored, only its digest."""
    conversation_id, token, moment = secrets.token_hex(16), new_token(), now()
    async with sessions.begin() as session:
        session.add(
            Conversation(
                id=conversation_id,
                token_hash=hash_token(token),
                owner="assistant",
                last_seq=0,
                created_at=moment,
                updated_at=moment,
            )
        )
    return conversation_id, token


async def authenticate(reads: Sessions, conversation_id: str, token: str) -> None:
    """Raises `NotFound` unless the token opens this conversation; unknown and forbidden look the same from outside."""
    async with reads() as session:
        stored = await session.scalar(select(Conversation.token_hash).where(Conversation.id == conversation_id))
    # Compared even when there is nothing to compare with: the time taken doesn't tell which ids exist.
    if not same(stored or "0" * 64, hash_token(token)) or stored is None:
        raise NotFound


async def lock(session: AsyncSession, conversation_id: str) -> Conversation:
    """The conversation, locked until the transaction ends: its events get their numbers one after the other."""
    conversation = await session.get(Conversation, conversation_id, with_for_update=True)
    if conversation is None:
        raise NotFound
    return conversation


def append(
    session: AsyncSession,
    conversation: Conversation,
    *,
    type: str,
    author: str,
    data: Mapping[str, Any],
    client_id: str | None = None,
    agent_id: int | None = None,
) -> int:
    """Adds an event to a locked conversation and gives its number."""
    moment = now()
    conversation.last_seq += 1
    conversation.updated_at = moment
    session.add(
        Event(
            conversation_id=conversation.id,
            seq=conversation.last_seq,
            type=type,
            author=author,
            client_id=client_id,
            agent_id=agent_id,
            at=moment,
            data={key: value for key, value in data.items() if value not in (None, [], {})},
        )
    )
    return conversation.last_seq


async def _seen(session: AsyncSession, conversation_id: str, author: str, client_id: str) -> int | None:
    return await session.scalar(
        select(Event.seq).where(Event.conversation_id == conversation_id, Event.author == author, Event.client_id == client_id)
    )


async def post_citizen_message(
    sessions: Sessions,
    hub: Hub,
    conversation_id: str,
    *,
    client_id: str,
    text: str,
    payload: str | None = None,
    alarm: Alarm | None = None,
) -> Posted:
    """Stores what a citizen says and decides who owes the answer, in one transaction.

    `alarm` is what was read in the text before anything else. A card shows at once and puts the conversation at the front of the queue; the
    assistant isn't asked then, because the card must not be buried under a guess. A soft alarm shows one line with the numbers, at most
    once in `SOFT_PAUSE`, and the answer goes on as usual.
    """
    match = alarm.match if alarm is not None else None
    async with sessions.begin() as session:
        conversation = await lock(session, conversation_id)
        seq = await _seen(session, conversation_id, "citizen", client_id)
        if seq is not None:
            return Posted(seq, created=False)
        data = {"text": text, "client_id": client_id, "payload": payload}
        seq = append(session, conversation, type="message", author="citizen", data=data, client_id=client_id)
        conversation.closed_at = None
        hub.typed(conversation_id, "citizen")
        if match is not None:
            await _raise_alarm(session, conversation, seq, match)
            EMERGENCIES.labels(match.category).inc()
            return Posted(seq, created=True, queue_changed=True)
        if alarm is not None:
            await _remind_of_numbers(session, conversation)
        if payload == "/human":
            await queue.enqueue(session, conversation, reason="asked", announce=True, agents_online=hub.consoles > 0)
            return Posted(seq, created=True, queue_changed=True)
        if payload == "/assistant" and conversation.owner != "agent":
            await queue.leave(session, conversation)
            return Posted(seq, created=True, queue_changed=True, turn=True)
        if conversation.owner != "assistant":
            return Posted(seq, created=True, queue_changed=True)
        session.add(Turn(conversation_id=conversation_id, kind="message", seq=seq, status="pending", created_at=now()))
        return Posted(seq, created=True, turn=True)


async def _remind_of_numbers(session: AsyncSession, conversation: Conversation) -> None:
    recent = await session.scalars(
        select(Event.data).where(
            Event.conversation_id == conversation.id,
            Event.type == "message",
            Event.author == "system",
            Event.at > now() - SOFT_PAUSE,
        )
    )
    if any(data.get("kind") in ("numbers", "emergency") for data in recent):
        return
    data = {"text": NUMBERS, "kind": "numbers", "phones": NUMBERS_PHONES}
    append(session, conversation, type="message", author="system", data=data)


async def _raise_alarm(
    session: AsyncSession,
    conversation: Conversation,
    seq: int,
    match: Match,
) -> None:
    conversation.urgent_at = now()
    conversation.urgent_category = match.category
    append(session, conversation, type="urgent", author="system", data={"category": match.category})
    waits_for_agent = conversation.owner != "agent"
    append(
        session,
        conversation,
        type="message",
        author="system",
        data={
            "text": match.text,
            "kind": "emergency",
            "reply_to": seq,
            "cards": [match.card],
            "buttons": EMERGENCY_BUTTONS if waits_for_agent else [],
        },
    )
    if waits_for_agent:
        await queue.enqueue(session, conversation, reason="emergency", rank=queue.RANKS["urgent"])


async def post_agent_message(
    sessions: Sessions,
    hub: Hub,
    conversation_id: str,
    agent: Agent,
    *,
    client_id: str,
    text: str,
    lease: timedelta,
) -> Posted:
    """Stores what an agent says to a conversation that is theirs. Raises `NotOwner` when it isn't (any more)."""
    async with sessions.begin() as session:
        conversation = await lock(session, conversation_id)
        # Two agents may choose the same client_id: the agent's number keeps them apart.
        own_id = f"{agent.id}:{client_id}"
        seq = await _seen(session, conversation_id, "agent", own_id)
        if seq is not None:
            return Posted(seq, created=False)
        await queue.renew_one(session, conversation_id, agent.id, lease)
        data = {"text": text, "agent_name": agent.name, "client_id": client_id}
        seq = append(session, conversation, type="message", author="agent", data=data, client_id=own_id, agent_id=agent.id)
        hub.typed(conversation_id, "agent")
        return Posted(seq, created=True)


async def ask_for_person(sessions: Sessions, hub: Hub, conversation_id: str) -> str:
    """Puts the conversation into the queue without asking Rasa, and gives its owner. Idempotent."""
    async with sessions.begin() as session:
        conversation = await lock(session, conversation_id)
        if conversation.owner == "assistant":
            await queue.enqueue(session, conversation, reason="asked", announce=True, agents_online=hub.consoles > 0)
        return conversation.owner


async def leave_queue(sessions: Sessions, conversation_id: str) -> str:
    """Takes the conversation out of the queue, back to the assistant. Raises `NotWaiting` when an agent has it."""
    async with sessions.begin() as session:
        conversation = await lock(session, conversation_id)
        await queue.leave(session, conversation)
        return conversation.owner


def event_out(event: Event) -> dict[str, Any]:
    """An event as the API tells it."""
    return {"seq": event.seq, "type": event.type, "author": event.author, "at": iso(event.at), "data": event.data}


async def events_after(reads: Sessions, conversation_id: str, after: int) -> list[dict[str, Any]]:
    """The next events after a number, at most 200."""
    async with reads() as session:
        events = await session.scalars(
            select(Event).where(Event.conversation_id == conversation_id, Event.seq > after).order_by(Event.seq).limit(EVENTS_PER_READ)
        )
        return [event_out(event) for event in events]


async def read_now(reads: Sessions, hub: Hub, conversation_id: str) -> dict[str, Any]:
    """What is true of a conversation at this moment; see `schemas.Now`."""
    async with reads() as session:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            raise NotFound
        place, agent_name, typing = None, None, list[str](hub.typing(conversation_id))
        if conversation.owner == "queue":
            place = await queue.place(session, conversation_id)
        elif conversation.owner == "agent":
            agent_name = await session.scalar(
                select(Agent.name)
                .join(Handoff, Handoff.agent_id == Agent.id)
                .where(Handoff.conversation_id == conversation_id, Handoff.status == "claimed")
            )
        elif await session.scalar(select(Turn.id).where(*_owed(conversation_id)).limit(1)):
            typing.append("assistant")
    return {
        "owner": conversation.owner,
        "urgent": conversation.urgent_at is not None,
        "queue": place,
        "typing": typing,
        "agent_name": agent_name,
    }


def _owed(conversation_id: str) -> Sequence[ColumnElement[bool]]:
    return (
        Turn.conversation_id == conversation_id,
        Turn.status == "pending",
        Turn.kind == "message",
        Turn.notified_at.is_(None),
    )


async def count_open(reads: Sessions) -> dict[str, int]:
    """How many conversations that nobody closed each owner has, for the metrics."""
    async with reads() as session:
        rows = await session.execute(
            select(Conversation.owner, func.count()).where(Conversation.closed_at.is_(None)).group_by(Conversation.owner)
        )
        return {owner: count for owner, count in rows}
