"""Where Rasa keeps conversations: append-only SQL, on SQLite (one machine) or PostgreSQL.

Why not Rasa's own SQL store: it reads the whole conversation for each save, so a message costs more as a conversation grows, and half of
the time of a turn goes there. Here a turn writes its new events in one transaction and reads nothing back while this process has the
conversation in its cache.

What is promised:

* What `save` has returned from survives `kill -9` of the process. On SQLite the log is written without waiting for the disk at each
  commit (WAL, synchronous NORMAL): a power cut may lose the last turns of the tracker, never damage it; the front desk's database holds
  what was said and answered.
* Nothing doubles: events are numbered per conversation (`conversation_id, sequence` is the key) and a message id occurs once per
  conversation. A process that works on an outdated tracker fails to save and touches nothing.
* The cache is never trusted blindly: each retrieval compares the stored number of events with the cached one (one look-up by key), so
  several processes may share a PostgreSQL, provided that they share a lock store.
* The cost of a turn does not grow with the conversation: a tracker holds the last `WINDOW_TURNS` turns (and what the slots were before).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, SlotSet, UserUttered, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker

CACHED_CONVERSATIONS: Final = 1000  # about 100 kB each at most
WINDOW_TURNS: Final = 20  # a tracker is cut back to so many turns …
WINDOW_SLACK: Final = 20  # … when it has so many more
BUSY_SECONDS: Final = 10  # how long SQLite waits for another process's write

_metadata = sa.MetaData()
_conversation = sa.Table(
    "tracker_conversation",
    _metadata,
    sa.Column("conversation_id", sa.String(64), primary_key=True),
    sa.Column("events", sa.Integer, nullable=False),  # how many there are: the version of the conversation
    sa.Column("updated_at", sa.Float, nullable=False, index=True),  # seconds since 1970
)
_event = sa.Table(
    "tracker_event",
    _metadata,
    sa.Column("conversation_id", sa.String(64), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),  # from 0, without holes
    sa.Column("message_id", sa.String(64), nullable=True),  # on the event that a message began with
    sa.Column("data", sa.Text, nullable=False),
    sa.UniqueConstraint("conversation_id", "message_id", name="uq_tracker_event_message"),
)

T = TypeVar("T")


class TrackerConflict(Exception):
    """Another process has written to the conversation since it was read; nothing was saved."""


class RelaisTracker(DialogueStateTracker):
    """A tracker that knows what of it is stored.

    `stored_events` of its events need not be written (they are stored, or restate earlier slots); `next_sequence` numbers the next one;
    `domain_version` says for which of the store's domains its slots were made.
    """

    stored_events: int = 0
    next_sequence: int = 0
    domain_version: int = 0

    def new_events(self) -> list[Event]:
        """The events added since it was read."""
        return list(self.events)[self.stored_events :]


class RelaisTrackerStore(TrackerStore):
    """The store for `endpoints.yml`: `type: assistant.tracker_store.RelaisTrackerStore`, `url:` a SQLAlchemy address.

    `url` is `sqlite:///path` or `postgresql://user:password@host/database`. Tables are created when missing.
    """

    def __init__(
        self, domain: Domain | None, host: str | None = None, event_broker: EventBroker | None = None, url: str | None = None, **kwargs: Any
    ) -> None:
        """Opens the database; raises when there is no address or it cannot be reached (`host` is what Rasa calls the endpoint's `url`)."""
        super().__init__(domain, event_broker)
        self._domain_version = 0
        self._cache: OrderedDict[str, RelaisTracker] = OrderedDict()
        address = _database_url(host or url)
        if address.get_backend_name() == "sqlite":
            if address.database:
                Path(address.database).parent.mkdir(parents=True, exist_ok=True)
            # One writer thread: SQLite allows one anyway, and waiting in a queue is cheaper than for its lock.
            self._engine = sa.create_engine(address, connect_args={"timeout": BUSY_SECONDS})
            sa.event.listen(self._engine, "connect", _prepare_sqlite)
            self._threads = ThreadPoolExecutor(1, "tracker-store")
        else:
            self._engine = sa.create_engine(address, pool_size=8, max_overflow=0, pool_pre_ping=True)
            self._threads = ThreadPoolExecutor(8, "tracker-store")
        _metadata.create_all(self._engine)

    @property
    def domain(self) -> Domain:
        """The domain whose slots new trackers get."""
        return self._domain

    @domain.setter
    def domain(self, domain: Domain | None) -> None:
        self._domain = domain or Domain.empty()
        # Cached trackers carry the slots of the former domain.
        self._domain_version += 1
        self._cache.clear()

    def init_tracker(self, sender_id: str) -> RelaisTracker:
        """An empty tracker for a conversation."""
        tracker = RelaisTracker(sender_id, self.domain.slots)
        tracker.domain_version = self._domain_version
        return tracker

    async def retrieve(self, sender_id: str) -> RelaisTracker | None:
        """The tracker with the conversation's last turns; None when there is no such conversation.

        The cached tracker is handed over, not copied: a turn that fails simply does not save it, and the next retrieval reads the database.
        """
        cached = self._cache.pop(sender_id, None)
        stored = await self._run(lambda: self._count(sender_id))
        if stored == 0:
            return None
        if cached is not None and cached.next_sequence == stored:
            return cached
        return self._window(self._tracker(sender_id, await self._run(lambda: self._events(sender_id))))

    async def retrieve_full_tracker(self, conversation_id: str) -> RelaisTracker | None:
        """The tracker with every event of the conversation; None when there is no such conversation."""
        events = await self._run(lambda: self._events(conversation_id))
        return self._tracker(conversation_id, events) if events else None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Appends the tracker's new events in one transaction; raises `TrackerConflict` when somebody else appended first."""
        if not isinstance(tracker, RelaisTracker):
            raise TypeError("Only trackers that this store made can be saved.")
        new = tracker.new_events()
        if not new:
            return
        first = tracker.next_sequence
        rows = [
            {
                "conversation_id": tracker.sender_id,
                "sequence": first + i,
                "message_id": _message_id(event),
                "data": json.dumps(event.as_dict(), ensure_ascii=False, separators=(",", ":")),
            }
            for i, event in enumerate(new)
        ]
        await self._run(lambda: self._append(tracker.sender_id, first, rows))
        tracker.stored_events += len(new)
        tracker.next_sequence += len(new)
        self._remember(self._window(tracker))
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, new, tracker.sender_id)

    async def find_message(self, conversation_id: str, message_id: str) -> list[dict[str, Any]] | None:
        """The stored events of the turn that this message began, in order; None when the conversation has no such message."""
        return await self._run(lambda: self._turn(conversation_id, message_id))

    async def erase(self, conversation_id: str) -> bool:
        """Deletes everything about a conversation; False when there was nothing."""
        self._cache.pop(conversation_id, None)
        return await self._run(lambda: self._delete(conversation_id))

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations."""
        return await self._run(self._ids)

    async def exists(self, conversation_id: str) -> bool:
        """Whether anything is stored of the conversation."""
        return await self._run(lambda: self._count(conversation_id)) > 0

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _count(self, conversation_id: str) -> int:
        with self._engine.connect() as connection:
            query = sa.select(_conversation.c.events).where(_conversation.c.conversation_id == conversation_id)
            return connection.execute(query).scalar() or 0

    def _events(self, conversation_id: str) -> list[dict[str, Any]]:
        query = sa.select(_event.c.data).where(_event.c.conversation_id == conversation_id).order_by(_event.c.sequence)
        with self._engine.connect() as connection:
            return [json.loads(data) for data in connection.execute(query).scalars()]

    def _turn(self, conversation_id: str, message_id: str) -> list[dict[str, Any]] | None:
        first = sa.select(_event.c.sequence).where(_event.c.conversation_id == conversation_id, _event.c.message_id == message_id)
        with self._engine.connect() as connection:
            start = connection.execute(first).scalar()
            if start is None:
                return None
            query = sa.select(_event.c.message_id, _event.c.data).where(
                _event.c.conversation_id == conversation_id, _event.c.sequence >= start
            )
            turn: list[dict[str, Any]] = []
            # Streamed: the turn ends where the next message begins.
            for owner, data in connection.execution_options(yield_per=20).execute(query.order_by(_event.c.sequence)):
                if owner not in (None, message_id):
                    break
                turn.append(json.loads(data))
            return turn

    def _append(self, conversation_id: str, first: int, rows: list[dict[str, Any]]) -> None:
        total, now = first + len(rows), time.time()
        try:
            with self._engine.begin() as connection:
                if first == 0:
                    connection.execute(sa.insert(_conversation).values(conversation_id=conversation_id, events=total, updated_at=now))
                else:
                    # Conditional on the version that was read: the guard against a second writer.
                    changed = connection.execute(
                        sa.update(_conversation)
                        .where(_conversation.c.conversation_id == conversation_id, _conversation.c.events == first)
                        .values(events=total, updated_at=now)
                    )
                    if changed.rowcount != 1:
                        raise TrackerConflict(conversation_id)
                connection.execute(sa.insert(_event), rows)
        except sa.exc.IntegrityError as error:
            raise TrackerConflict(conversation_id) from error

    def _delete(self, conversation_id: str) -> bool:
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_event).where(_event.c.conversation_id == conversation_id))
            gone = connection.execute(sa.delete(_conversation).where(_conversation.c.conversation_id == conversation_id))
            return gone.rowcount > 0

    def _ids(self) -> list[str]:
        with self._engine.connect() as connection:
            return list(connection.execute(sa.select(_conversation.c.conversation_id)).scalars())

    def _tracker(self, conversation_id: str, events: list[dict[str, Any]]) -> RelaisTracker:
        tracker = self.init_tracker(conversation_id)
        for event in deserialise_events(events):
            tracker.update(event)
        tracker.stored_events = tracker.next_sequence = len(events)
        return tracker

    def _window(self, tracker: RelaisTracker) -> RelaisTracker:
        """The same tracker, cut back to its last `WINDOW_TURNS` turns when it has grown `WINDOW_SLACK` beyond.

        The cut reads to Rasa like the start of a session that carries the slots over. A form that is being filled is never cut.
        """
        events = list(tracker.events)
        turns = [i for i, event in enumerate(events) if isinstance(event, UserUttered)]
        if len(turns) <= WINDOW_TURNS + WINDOW_SLACK or tracker.active_loop is not None:
            return tracker
        cut = turns[-WINDOW_TURNS]
        before = self.init_tracker(tracker.sender_id)
        for event in events[:cut]:
            before.update(event)
        if before.active_loop is not None:
            return tracker
        initial = self.init_tracker(tracker.sender_id).slots
        carried = [SlotSet(name, slot.value) for name, slot in before.slots.items() if slot.value != initial[name].value]
        head: list[Event] = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted(), *carried, ActionExecuted(ACTION_LISTEN_NAME)]
        for event in head:
            event.timestamp = events[cut].timestamp
        window = self.init_tracker(tracker.sender_id)
        window.model_id, window.assistant_id = tracker.model_id, tracker.assistant_id
        for event in [*head, *events[cut:]]:
            window.update(event)
        window.followup_action = tracker.followup_action
        window.stored_events, window.next_sequence = len(window.events), tracker.next_sequence
        return window

    def _remember(self, tracker: RelaisTracker) -> None:
        if tracker.domain_version != self._domain_version:
            return  # a model was loaded during the turn
        self._cache[tracker.sender_id] = tracker
        self._cache.move_to_end(tracker.sender_id)
        if len(self._cache) > CACHED_CONVERSATIONS:
            self._cache.popitem(last=False)


def _database_url(address: str | None) -> sa.URL:
    if not address:
        raise ValueError("The tracker store needs `url:` in endpoints.yml.")
    url = sa.make_url(address)
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise ValueError("The tracker store speaks SQLite and PostgreSQL.")
    # The other environment's driver may be named in the same setting; here there are only these two.
    return url.set(drivername="sqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg2")


def _message_id(event: Event) -> str | None:
    # What a person typed carries it as a field; the first line of a transcript may be the agent's.
    return event.message_id if isinstance(event, UserUttered) else (event.metadata or {}).get("message_id")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA secure_delete=ON")  # an erased conversation leaves no text in free pages
    cursor.close()
