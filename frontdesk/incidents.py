"""All reads and writes of incident reports (main courante), which are append-only.

A correction is a new version beside the old ones. Each version carries the SHA-256 of what it says and of the version before,
so a change made behind the front desk's back is seen by `verify`. On both databases triggers (migration 0002) refuse UPDATE
and DELETE of a version. Erasing a citizen's data when the law asks for it needs a path of its own, which takes the triggers away
for one transaction and writes down who erased what; there is none yet, and a plain DELETE of the conversation fails.

The chain has no secret: it shows a change by mistake or by hand, not one by somebody who rewrites the whole chain. Who needs that
keeps the newest hash elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from . import conversations, submissions
from .errors import BadRequest, NotFound
from .models import Conversation, IncidentReport, IncidentVersion, now
from .schemas import IncidentData, IncidentFields
from .submissions import Stored

log = logging.getLogger(__name__)

PRECISIONS = {"exact": "date exacte", "approximate": "date approximative", "period": "période", "unknown": None}


def seal(report: IncidentReport, version: int, created_at: datetime, content: dict[str, Any], previous_hash: str | None) -> str:
    """SHA-256 (hex) of one version: JSON with sorted keys, no spaces, UTF-8, of all that the version says and belongs to."""
    sealed = {
        "number": report.number,
        "conversation_id": report.conversation_id,
        "version": version,
        "created_at": created_at.isoformat(timespec="microseconds"),
        "content": content,
        "previous_hash": previous_hash,
    }
    canonical = json.dumps(sealed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


async def store(session: AsyncSession, conversation: Conversation, data: IncidentData) -> Stored:
    """Stores a report of a locked conversation under a new number, or a new version of the one that it `corrects`.

    Raises `BadRequest` when this conversation has no report with that number; whether another one has isn't told.
    """
    moment = now()
    previous_hash = None
    if data.corrects is None:
        number = await submissions.next_number(session, "incident", moment)
        report = IncidentReport(number=number, conversation_id=conversation.id, versions=1)
        session.add(report)
        await session.flush()  # gives it its id
    else:
        report = await _corrected(session, conversation, data.corrects)
        previous = await session.get_one(IncidentVersion, (report.id, report.versions))
        previous_hash = previous.hash
        report.versions += 1
    content = data.model_dump(include=set(IncidentFields.model_fields))
    session.add(
        IncidentVersion(
            report_id=report.id,
            version=report.versions,
            created_at=moment,
            content=content,
            previous_hash=previous_hash,
            hash=seal(report, report.versions, moment, content, previous_hash),
        )
    )
    return Stored("incident", report.number, report.versions, _summary(report, data))


async def _corrected(session: AsyncSession, conversation: Conversation, number: str) -> IncidentReport:
    report = await session.scalar(
        select(IncidentReport).where(IncidentReport.number == number, IncidentReport.conversation_id == conversation.id)
    )
    if report is None:
        raise BadRequest(fields={"data.corrects": "no_such_report"})
    return report


def _summary(report: IncidentReport, data: IncidentFields) -> str:
    told = f"Main courante {report.number}"
    when = submissions.period(data.when_start, data.when_end)
    precision = PRECISIONS[data.when_precision]
    return submissions.summary(
        told if report.versions == 1 else f"{told} (version {report.versions})",
        [
            ("Faits", data.what),
            ("Quand", data.when_text),
            ("Date", f"{when}, {precision}" if when and precision else when),
            ("Où", data.where_text),
            ("Commune", submissions.place(data.commune_name, None, data.commune_code)),
            ("Personnes concernées", data.people_text),
            ("Témoins", data.witnesses_text),
            ("Souhait ou crainte", data.wish_text),
            ("Nom", data.name),
            ("Téléphone", submissions.phone(data.phone)),
            ("Adresse e-mail", data.email),
            ("Être rappelé", "oui" if data.callback else "non"),
        ],
    )


async def of_conversation(session: AsyncSession, conversation_id: str) -> list[dict[str, Any]]:
    """The newest version of each report of a conversation, the oldest report first; see `schemas.IncidentOut`."""
    found = []
    for report, versions in await _chains(session, IncidentReport.conversation_id == conversation_id):
        broken = _first_broken(report, versions)
        if broken is not None:
            log.error("incident report %s: version %s is not what was stored", report.number, broken)
        if not versions:
            continue  # somebody took the triggers away and all of it: nothing is left to show
        newest = versions[-1]
        found.append(
            {
                "kind": "incident",
                "number": report.number,
                "version": newest.version,
                "versions": report.versions,
                "at": conversations.iso(newest.created_at),
                "intact": broken is None,
                "data": newest.content,
            }
        )
    return found


async def verify(session: AsyncSession, number: str) -> int | None:
    """Recomputes the chain of a report: the first version that isn't what was stored, or None when all are.

    A version that is missing counts too. Raises `NotFound` for a number that no report has.
    """
    chains = await _chains(session, IncidentReport.number == number)
    if not chains:
        raise NotFound
    return _first_broken(*chains[0])


async def _chains(session: AsyncSession, which: ColumnElement[bool]) -> list[tuple[IncidentReport, list[IncidentVersion]]]:
    """Reports with all their versions in order, in one statement: a correction that comes meanwhile is wholly there or not at all."""
    rows = await session.execute(
        select(IncidentReport, IncidentVersion)
        .outerjoin(IncidentVersion, IncidentVersion.report_id == IncidentReport.id)
        .where(which)
        .order_by(IncidentReport.id, IncidentVersion.version)
        .execution_options(populate_existing=True)
    )
    found: dict[int, tuple[IncidentReport, list[IncidentVersion]]] = {}
    for report, version in rows:
        _, versions = found.setdefault(report.id, (report, []))
        if version is not None:
            versions.append(version)
    return list(found.values())


def _first_broken(report: IncidentReport, versions: list[IncidentVersion]) -> int | None:
    by_number = {one.version: one for one in versions}
    previous_hash = None
    for version in range(1, max(report.versions, *by_number, 0) + 1):
        one = by_number.get(version)
        if one is None or version > report.versions or one.previous_hash != previous_hash:
            return version
        if one.hash != seal(report, version, one.created_at, one.content, previous_hash):
            return version
        previous_hash = one.hash
    return None
