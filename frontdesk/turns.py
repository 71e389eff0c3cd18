"""Works off what the assistant owes: one turn at a time for each conversation, in order, whatever stops in between.

A turn is written in the same transaction as the citizen's message, and ended in the same transaction as its answer. A crash
anywhere leaves it pending; it is asked again with the same message id, and the channel acts only once for an id. So each message
is answered exactly once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from . import conversations, queue
from .assistant_client import Answer, AssistantClient, AssistantError
from .db import Sessions
from .live import Hub
from .metrics import ASSISTANT_SECONDS, TURNS
from .models import Event, Turn, now
from .settings import Settings

log = logging.getLogger(__name__)

FIRST_DELAY, LAST_DELAY = 0.3, 3.0  # seconds between two attempts, doubling
BUTTONS_LIMIT = 8
TRANSCRIPT_LIMIT = 200
HUMAN_BUTTON = {"title": "Parler à une personne", "payload": "/human"}

UNAVAILABLE = (
    "L’assistant ne répond pas pour le moment. Votre message est bien gardé : la réponse arrivera dès que possible. Si vous ne "
    "voulez pas attendre, vous pouvez parler à une personne. En cas de danger : appelez le 17, ou écrivez au 114 par SMS."
)
GIVEN_UP = (
    "L’assistant n’arrive pas à répondre à votre message. Il est transmis à un agent, qui lira tout ce que vous avez écrit. En cas de "
    "danger : appelez le 17, ou écrivez au 114 par SMS."
)


class TurnWorker:
    """One task for each conversation that has pending turns."""

    def __init__(self, settings: Settings, sessions: Sessions, reads: Sessions, client: AssistantClient, hub: Hub) -> None:
        self._settings = settings
        self._sessions = sessions
        self._reads = reads
        self._client = client
        self._hub = hub
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._stopping = False
        self._room = asyncio.Semaphore(settings.assistant_concurrency)

    async def start(self) -> None:
        """Takes up what was pending when the process stopped."""
        async with self._reads() as session:
            pending = await session.scalars(select(Turn.conversation_id).where(Turn.status == "pending").distinct())
            for conversation_id in pending:
                self.wake(conversation_id)

    def wake(self, conversation_id: str) -> None:
        """There is a new turn in this conversation."""
        if self._stopping:
            return  # the turn is in the database; the next start takes it up
        if conversation_id in self._tasks:
            self._again.add(conversation_id)
            return
        task = asyncio.create_task(self._work(conversation_id))
        self._tasks[conversation_id] = task
        task.add_done_callback(lambda done: self._ended(conversation_id, done))

    def _ended(self, conversation_id: str, task: asyncio.Task[None]) -> None:
        del self._tasks[conversation_id]
        if task.cancelled():
            return
        if error := task.exception():
            # The turn is still pending in the database. The type alone is logged: a message may hold a text.
            log.error("turns of %s stopped on %s, trying again", conversation_id, type(error).__name__)
            asyncio.get_running_loop().call_later(LAST_DELAY, self.wake, conversation_id)
        elif conversation_id in self._again:
            self._again.discard(conversation_id)
            self.wake(conversation_id)

    async def stop(self) -> None:
        """Stops asking. Turns in work stay pending and are asked again after the next start."""
        self._stopping = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def busy(self) -> int:
        """Conversations being worked on."""
        return len(self._tasks)

    async def _work(self, conversation_id: str) -> None:
        while (turn := await self._next(conversation_id)) is not None:
            await self._settle(turn)

    async def _next(self, conversation_id: str) -> Turn | None:
        async with self._reads() as session:
            return await session.scalar(
                select(Turn).where(Turn.conversation_id == conversation_id, Turn.status == "pending").order_by(Turn.id).limit(1)
            )

    async def _settle(self, turn: Turn) -> None:
        """Asks until there is an answer, the turn is cancelled, or it has failed for too long."""
        delay = FIRST_DELAY
        failing_since: float | None = None
        while True:
            started = time.monotonic()
            try:
                await self._attempt(turn)
                return
            except AssistantError as error:
                TURNS.labels(error.code).inc()
                log.warning("turn %s of %s not answered: %s", turn.id, turn.conversation_id, error.code)
                if error.is_down:
                    failing_since = None
                else:
                    failing_since = started if failing_since is None else failing_since
            if not await self._still_pending(turn):
                return
            if (now() - turn.created_at).total_seconds() >= self._settings.assistant_patience:
                await self._apologise(turn)
            if failing_since is not None and time.monotonic() - failing_since >= self._settings.assistant_give_up:
                await self._give_up(turn)
                return
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_DELAY)

    async def _attempt(self, turn: Turn) -> None:
        message_id = f"{turn.conversation_id}-{turn.seq}"
        if turn.kind == "transcript":
            said = await self._said(turn)
            if said:
                async with self._room:
                    await self._client.tell(turn.conversation_id, f"{message_id}-t", said)
            await self._finish(turn, None)
            return
        async with self._reads() as session:
            event = await session.get_one(Event, (turn.conversation_id, turn.seq))
        async with self._room:
            started = time.monotonic()
            call = asyncio.create_task(self._client.ask(turn.conversation_id, message_id, event.data["text"], event.data.get("payload")))
            try:
                done, _ = await asyncio.wait({call}, timeout=self._settings.assistant_patience)
                if not done:
                    await self._apologise(turn)
                answer = await call
            finally:
                call.cancel()
            ASSISTANT_SECONDS.observe(time.monotonic() - started)
        await self._finish(turn, answer)

    async def _said(self, turn: Turn) -> list[dict[str, str]]:
        asked = select(Turn.seq).where(Turn.conversation_id == turn.conversation_id, Turn.kind == "message", Turn.status == "done")
        async with self._reads() as session:
            events = await session.scalars(
                select(Event)
                .where(
                    Event.conversation_id == turn.conversation_id,
                    Event.type == "message",
                    Event.author.in_(("citizen", "agent")),
                    Event.seq > turn.after_seq,
                    Event.seq <= turn.seq,
                    Event.seq.not_in(asked),  # the tracker knows these already
                )
                .order_by(Event.seq.desc())
                .limit(TRANSCRIPT_LIMIT)
            )
            said = [{"author": event.author, "text": event.data["text"]} for event in events]
        return said[::-1]

    async def _still_pending(self, turn: Turn) -> bool:
        async with self._reads() as session:
            return await session.scalar(select(Turn.status).where(Turn.id == turn.id)) == "pending"

    async def _locked(self, session: AsyncSession, turn: Turn) -> tuple[Any, Turn | None]:
        """The locked conversation, and the turn unless it was ended or cancelled meanwhile."""
        conversation = await conversations.lock(session, turn.conversation_id)
        fresh = await session.get_one(Turn, turn.id)
        return conversation, fresh if fresh.status == "pending" else None

    async def _finish(self, turn: Turn, answer: Answer | None) -> None:
        async with self._sessions.begin() as session:
            conversation, fresh = await self._locked(session, turn)
            if fresh is None:
                TURNS.labels("cancelled").inc()
                return
            if answer is not None:
                data = {"text": answer.text, "reply_to": turn.seq, "intent": answer.intent, **answer.extras}
                if not answer.understood:
                    data["understood"] = False
                buttons = {button["payload"]: button for button in answer.extras.get("buttons", [])}
                data["buttons"] = list(buttons.values())[:BUTTONS_LIMIT]
                conversations.append(session, conversation, type="message", author="assistant", data=data)
            fresh.status, fresh.ended_at = "done", now()
        TURNS.labels("answered" if answer is None or answer.understood else "not_understood").inc()
        self._hub.wake(turn.conversation_id)

    async def _apologise(self, turn: Turn) -> None:
        """Says once for a turn, honestly, that it takes longer, and offers a person."""
        if turn.kind != "message" or turn.notified_at is not None:
            return
        turn.notified_at = now()
        async with self._sessions.begin() as session:
            conversation, fresh = await self._locked(session, turn)
            if fresh is None or fresh.notified_at is not None:
                return
            fresh.notified_at = turn.notified_at
            conversations.append(
                session,
                conversation,
                type="message",
                author="system",
                data={
                    "text": UNAVAILABLE,
                    "kind": "assistant_unavailable",
                    "reply_to": turn.seq,
                    "buttons": [HUMAN_BUTTON],
                },
            )
        self._hub.wake(turn.conversation_id)

    async def _give_up(self, turn: Turn) -> None:
        async with self._sessions.begin() as session:
            conversation, fresh = await self._locked(session, turn)
            if fresh is None:
                return
            fresh.status, fresh.ended_at = "cancelled", now()
            if turn.kind == "message":
                conversations.append(
                    session,
                    conversation,
                    type="message",
                    author="system",
                    data={"text": GIVEN_UP, "kind": "assistant_unavailable", "reply_to": turn.seq},
                )
                await queue.enqueue(session, conversation, reason="assistant_unavailable")
        TURNS.labels("given_up").inc()
        log.error("turn %s of %s given up", turn.id, turn.conversation_id)
        self._hub.wake(turn.conversation_id)
        self._hub.wake_queue()
