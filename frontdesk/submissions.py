"""What appointments and incident reports share: numbers, the words of a summary, the way to the agents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import phonenumbers
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from . import conversations, queue
from .models import Conversation, Handoff, SubmissionCount

Kind = Literal["appointment", "incident"]
PREFIXES: dict[Kind, str] = {"appointment": "RDV", "incident": "MC"}
QUOTED = 200  # characters of each text that a summary shows; the console shows all of it beside

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


@dataclass(frozen=True)
class Stored:
    """A submission that was stored: its number, which version of it this is, and its summary for the queue."""

    kind: Kind
    number: str
    version: int
    summary: str


async def next_number(session: AsyncSession, kind: Kind, moment: datetime) -> str:
    """The next number of a kind, as `RDV-2026-000012`: each year (in UTC) counts from 1.

    One statement counts and locks until the transaction ends, on both databases: nobody gets a number twice, and a
    transaction that fails gives its number back.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    year = moment.year
    last = await session.scalar(
        insert(SubmissionCount)
        .values(kind=kind, year=year, last=1)
        .on_conflict_do_update(index_elements=["kind", "year"], set_={"last": SubmissionCount.last + 1})
        .returning(SubmissionCount.last)
    )
    return f"{PREFIXES[kind]}-{year}-{last:06d}"


async def hand_over(session: AsyncSession, conversation: Conversation, stored: Stored, answered_seq: int | None) -> tuple[Handoff, int]:
    """Tells the conversation of a stored submission and puts it into the queue: `(handoff, place)`.

    A conversation that waits already or that an agent has keeps its handoff.
    """
    data = {"kind": stored.kind, "number": stored.number, "version": stored.version}
    conversations.append(session, conversation, type="submission", author="system", data=data)
    return await queue.enqueue(session, conversation, reason=stored.kind, summary=stored.summary, answered_seq=answered_seq)


# --- words of a summary ------------------------------------------------------------------------------------------


def summary(title: str, facts: Iterable[tuple[str, str | None]]) -> str:
    """One fact a line under the title, each text shortened to 200 characters; what nobody said is left out."""
    return "\n".join([title, *(f"{label}\u00a0: {_quoted(value)}" for label, value in facts if value)])


def _quoted(text: str) -> str:
    text = " ".join(line for one in text.splitlines() if (line := one.strip()))  # nobody writes a line that looks like one of ours
    return text if len(text) <= QUOTED else text[: QUOTED - 1].rstrip() + "…"


def place(name: str | None, postcode: str | None, code: str | None) -> str | None:
    """A commune in one line, as « Lyon, 69003 (code Insee 69383) »."""
    told = ", ".join(filter(None, (name, postcode)))
    if code:
        told = f"{told} (code Insee {code})" if told else f"code Insee {code}"
    return told or None


def phone(number: str | None) -> str | None:
    """A number in E.164 as people read it, as « +33 1 99 00 12 34 »."""
    if number is None:
        return None
    parsed = phonenumbers.parse(number)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace(" ", "\u00a0")


def period(start: str | None, end: str | None) -> str | None:
    """From when to when, on the clock that the times themselves carry: a place overseas keeps its own time."""
    if start is None or end is None:
        return _when(datetime.fromisoformat(start)) if start else f"jusqu’au {_when(datetime.fromisoformat(end))}" if end else None
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    if first == last:
        return _when(first)
    if first.date() == last.date() and first.utcoffset() == last.utcoffset():
        return f"{_day(first)} de {_clock(first, zone=False)} à {_clock(last)}"
    return f"du {_when(first)} au {_when(last)}"


def _when(moment: datetime) -> str:
    return f"{_day(moment)} à {_clock(moment)}"


def _day(moment: datetime) -> str:
    number = "1er" if moment.day == 1 else str(moment.day)
    return f"{DAYS[moment.weekday()]} {number} {MONTHS[moment.month - 1]} {moment.year}"


def _clock(moment: datetime, *, zone: bool = True) -> str:
    told = f"{moment.hour}\u00a0h\u00a0{moment.minute:02d}"
    # No French territory lives on this clock, so whoever reads it has to know.
    return f"{told} (UTC)" if zone and not moment.utcoffset() else told
