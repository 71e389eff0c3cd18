"""The tables. Times are aware and in UTC; what people wrote stands only in events, handoffs, appointments and incident versions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, MetaData, String, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on every database (SQLite itself knows no time zones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime would be stored: give it a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012


class Conversation(Base):
    """One citizen's conversation. `owner` is `assistant`, `queue` or `agent`."""

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(String(16), default="assistant")
    last_seq: Mapped[int] = mapped_column(default=0)
    urgent_category: Mapped[str | None] = mapped_column(String(64))
    urgent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Event(Base):
    """What happened in a conversation, numbered from 1 without holes. `client_id` makes a resent message the same message."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("conversation_id", "author", "client_id"),)

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(String(16))
    author: Mapped[str] = mapped_column(String(16))
    client_id: Mapped[str | None] = mapped_column(String(80))  # an agent's carries the agent's number before it
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]]


class Turn(Base):
    """Something that the assistant owes: an answer to a message, or to take note of what an agent said.

    `kind` is `message` or `transcript`; `status` is `pending`, `done` or `cancelled`. `seq` is the citizen's message, or
    the event up to which the transcript reaches (`after_seq` is where it starts).
    """

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation_id", "kind", "seq"), Index("ix_turns_status_id", "status", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    seq: Mapped[int]
    after_seq: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(16), default="pending")
    notified_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Handoff(Base):
    """A request for a person. `status` is `waiting`, `claimed`, `closed` or `cancelled`; `rank` 0 is urgent, 1 high, 2 normal.

    `returned_at` is set when an agent lost or gave up the claim: such a conversation stands at the head of the queue.
    """

    __tablename__ = "handoffs"
    __table_args__ = (Index("ix_handoffs_status_lease", "status", "lease_expires_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    status: Mapped[str] = mapped_column(String(16), default="waiting")
    reason: Mapped[str] = mapped_column(String(64))
    rank: Mapped[int]
    skills: Mapped[list[str]]
    language: Mapped[str] = mapped_column(String(8))
    territory: Mapped[str | None] = mapped_column(String(64))
    summary: Mapped[str]
    slots: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    claimed_at: Mapped[datetime | None]
    lease_expires_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(32))
    note: Mapped[str | None]
    ended_at: Mapped[datetime | None]


# One open handoff a conversation, whatever comes at the same time.
Index(
    "uq_handoffs_open",
    Handoff.conversation_id,
    unique=True,
    sqlite_where=Handoff.status.in_(("waiting", "claimed")),
    postgresql_where=Handoff.status.in_(("waiting", "claimed")),
)


class WebhookReceipt(Base):
    """A webhook that was taken: the same id again gets the same answer."""

    __tablename__ = "webhook_receipts"

    webhook_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    received_at: Mapped[datetime]
    answer: Mapped[dict[str, Any]]


class SubmissionCount(Base):
    """The last number that was given for a kind (`appointment` or `incident`) in a year."""

    __tablename__ = "submission_counts"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class Appointment(Base):
    """An appointment that a citizen asked for; `content` is `schemas.AppointmentFields`."""

    __tablename__ = "appointments"

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    content: Mapped[dict[str, Any]]


class IncidentReport(Base):
    """What the versions of one incident report share. A conversation that has one can't be deleted with a plain DELETE."""

    __tablename__ = "incident_reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    versions: Mapped[int]


class IncidentVersion(Base):
    """One version of an incident report; `content` is `schemas.IncidentFields`, `hash` is made by `incidents.seal`.

    Append-only: triggers of migration 0002 refuse UPDATE and DELETE.
    """

    __tablename__ = "incident_versions"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    report_id: Mapped[int] = mapped_column(ForeignKey("incident_reports.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[datetime]
    content: Mapped[dict[str, Any]]
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Agent(Base):
    """A person who answers. `role` is `agent` or `supervisor`."""

    __tablename__ = "agents"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(256))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class AgentSession(Base):
    """A signed-in browser; the cookie's value itself is not stored."""

    __tablename__ = "agent_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"))
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SignInFailure(Base):
    """Failed sign-ins of one address (known or not, so that the answer doesn't tell which exist)."""

    __tablename__ = "sign_in_failures"

    email: Mapped[str] = mapped_column(String(254), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class AuditEntry(Base):
    """Who did or read what, kept apart from the logs."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    action: Mapped[str] = mapped_column(String(32))
    conversation_id: Mapped[str | None] = mapped_column(String(32), index=True)
    data: Mapped[dict[str, Any]]
