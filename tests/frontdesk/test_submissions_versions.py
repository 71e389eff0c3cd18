"""Incident reports are append-only: corrections are new versions, and a change behind the front desk's back is refused or seen."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from harness import BOTH_DATABASES, Answer, Citizen, Desk
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from test_submissions import INCIDENT, receipts, submission

from frontdesk import incidents, keys
from frontdesk.errors import NotFound
from frontdesk.models import Conversation, IncidentReport, IncidentVersion

pytestmark = BOTH_DATABASES


async def report(desk: Desk, citizen: Citizen, webhook_id: str, **change: Any) -> Answer:
    return await desk.webhook(submission("incident", citizen, **change), webhook_id=webhook_id, path="incident")


async def three_versions(desk: Desk) -> tuple[Citizen, str]:
    """A report, corrected twice, and its number."""
    citizen = await desk.citizen()
    number = (await report(desk, citizen, "v1", what="Première version")).body["number"]
    await report(desk, citizen, "v2", what="Deuxième version", corrects=number)
    await report(desk, citizen, "v3", what="Troisième version 😀", corrects=number)
    return citizen, number


async def broken_at(desk: Desk, number: str) -> int | None:
    async with desk.app[keys.READS]() as session:
        return await incidents.verify(session, number)


async def drop_triggers(session: AsyncSession) -> None:
    """What somebody with the database's keys can do."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("ALTER TABLE incident_versions DISABLE TRIGGER USER"))
        return
    for name in list(
        await session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'incident_versions'"))
    ):
        await session.execute(text(f"DROP TRIGGER {name}"))


async def restore_triggers(desk: Desk) -> None:
    """PostgreSQL's database serves other tests too."""
    async with desk.app[keys.SESSIONS].begin() as session:
        if session.get_bind().dialect.name == "postgresql":
            await session.execute(text("ALTER TABLE incident_versions ENABLE TRIGGER USER"))


# --- corrections -------------------------------------------------------------------------------------------------


async def test_incident_correction_is_a_new_version(desk: Desk) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    first = await report(desk, citizen, "one")
    second = await report(desk, citizen, "two", what="Ce n’était pas une camionnette", corrects=first.body["number"])
    assert (second.status, second.body) == (202, {**first.body, "version": 2})
    told = [(one["number"], one["version"]) for one in receipts(await citizen.events())]
    assert told == [(first.body["number"], 1), (first.body["number"], 2)]
    (shown,) = (await agent.read(citizen)).body["submissions"]
    assert (shown["version"], shown["versions"], shown["intact"]) == (2, 2, True)
    assert shown["data"]["what"] == "Ce n’était pas une camionnette"
    assert (await report(desk, citizen, "three")).body["number"].endswith("-000002")  # a correction takes no number


async def test_incident_correction_after_the_agent_closed_queues_again(desk: Desk) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    first = await report(desk, citizen, "one")
    await agent.claim(citizen)
    await agent.close(citizen, back=True)
    second = await report(desk, citizen, "two", corrects=first.body["number"])
    (item,) = (await agent.queue())["waiting"]
    assert item["handoff_id"] == second.body["handoff_id"] != first.body["handoff_id"]
    assert item["summary"].startswith(f"Main courante {first.body['number']} (version 2)\n")


async def test_incident_corrections_at_the_same_moment_are_versions_in_a_row(desk: Desk) -> None:
    citizen = await desk.citizen()
    number = (await report(desk, citizen, "one")).body["number"]
    answers = await asyncio.gather(*(report(desk, citizen, f"fix{index}", corrects=number) for index in range(8)))
    assert sorted(answer.body["version"] for answer in answers) == list(range(2, 10))
    assert await broken_at(desk, number) is None


async def test_incident_correction_of_somebody_elses_report_is_refused(desk: Desk) -> None:
    citizen, other = await desk.citizen(), await desk.citizen()
    number = (await report(desk, citizen, "one")).body["number"]
    answers = [await report(desk, other, "two", corrects=number), await report(desk, other, "three", corrects="MC-2026-999999")]
    for answer in answers:  # whether the number exists isn't told
        assert (answer.status, answer.body["error"]["details"]) == (400, {"fields": {"data.corrects": "no_such_report"}})
    assert await other.events() == []
    assert len(receipts(await citizen.events())) == 1
    assert await broken_at(desk, number) is None


# --- append-only -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        update(IncidentVersion).where(IncidentVersion.version == 1).values(hash="0" * 64),
        update(IncidentVersion).values(version=IncidentVersion.version + 10),
        delete(IncidentVersion).where(IncidentVersion.version == 3),
        delete(IncidentVersion),
        delete(IncidentReport),
        delete(Conversation),
    ],
    ids=["update", "update all", "delete", "delete all", "delete report", "delete conversation"],
)
async def test_incident_version_is_neither_changed_nor_deleted(desk: Desk, statement: Any) -> None:
    _, number = await three_versions(desk)
    with pytest.raises(IntegrityError):
        async with desk.app[keys.SESSIONS].begin() as session:
            await session.execute(statement)
    assert await broken_at(desk, number) is None


async def test_incident_version_is_not_replaced(desk: Desk) -> None:
    """On both databases an INSERT can also write over a row."""
    _, number = await three_versions(desk)
    columns = "report_id, version, created_at, content, previous_hash, hash"
    async with desk.app[keys.SESSIONS]() as session:
        postgresql = session.get_bind().dialect.name == "postgresql"
    verb, more = ("INSERT", "ON CONFLICT (report_id, version) DO UPDATE SET hash = 'x'") if postgresql else ("INSERT OR REPLACE", "")
    replace = f"{verb} INTO incident_versions ({columns}) SELECT {columns} FROM incident_versions WHERE version = 2 {more}"  # noqa: S608
    with pytest.raises(IntegrityError):
        async with desk.app[keys.SESSIONS].begin() as session:
            await session.execute(text(replace))
    assert await broken_at(desk, number) is None


# --- the chain ---------------------------------------------------------------------------------------------------

Change = Callable[[IncidentVersion], Any]


@pytest.mark.parametrize(
    ("version", "values", "broken"),
    [
        (1, {"content": {"what": "Autre chose"}}, 1),
        (2, {"content": {"what": "Autre chose"}}, 2),
        (3, {"content": {**INCIDENT, "callback": False}}, 3),
        (2, {"hash": "0" * 64}, 2),
        (3, {"previous_hash": "0" * 64}, 3),
        (1, {"previous_hash": "0" * 64}, 1),
        (2, {"created_at": text("(select created_at from incident_versions where version = 1)")}, 2),
        (2, None, 2),
        (3, None, 3),
    ],
    ids=["content of 1", "content of 2", "content of 3", "hash", "link", "link of 1", "time", "deleted", "last deleted"],
)
async def test_incident_chain_shows_a_change(desk: Desk, version: int, values: dict[str, Any] | None, broken: int) -> None:
    citizen, number = await three_versions(desk)
    assert await broken_at(desk, number) is None
    where = IncidentVersion.version == version
    async with desk.app[keys.SESSIONS].begin() as session:
        await drop_triggers(session)
        changed = delete(IncidentVersion) if values is None else update(IncidentVersion).values(values)
        await session.execute(changed.where(where))
    try:
        assert await broken_at(desk, number) == broken
        (shown,) = (await (await desk.agent()).read(citizen)).body["submissions"]
        assert shown["intact"] is False
    finally:
        await restore_triggers(desk)


async def test_incident_chain_shows_a_changed_version_with_its_own_hash_made_anew(desk: Desk) -> None:
    """Whoever also recomputes the hash of the row breaks the link from the next one."""
    _, number = await three_versions(desk)
    async with desk.app[keys.SESSIONS].begin() as session:
        await drop_triggers(session)
        found = await session.scalar(select(IncidentReport))
        row = await session.scalar(select(IncidentVersion).where(IncidentVersion.version == 1))
        assert found is not None
        assert row is not None
        row.content = {**row.content, "what": "Autre chose"}
        row.hash = incidents.seal(found, 1, row.created_at, row.content, None)
    try:
        assert await broken_at(desk, number) == 2
    finally:
        await restore_triggers(desk)


async def test_incident_chain_shows_a_report_given_to_another_conversation(desk: Desk) -> None:
    _, number = await three_versions(desk)
    other = await desk.citizen()
    async with desk.app[keys.SESSIONS].begin() as session:
        await session.execute(update(IncidentReport).values(conversation_id=other.id))
    assert await broken_at(desk, number) == 1


async def test_incident_chain_of_which_nothing_is_left(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    citizen, number = await three_versions(desk)
    async with desk.app[keys.SESSIONS].begin() as session:
        await drop_triggers(session)
        await session.execute(delete(IncidentVersion))
    try:
        assert await broken_at(desk, number) == 1
        assert (await (await desk.agent()).read(citizen)).body["submissions"] == []
        assert f"incident report {number}: version 1 is not what was stored" in caplog.text
    finally:
        await restore_triggers(desk)


async def test_incident_chain_of_an_unknown_number(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await broken_at(desk, "MC-2026-000001")


async def test_incident_hash_can_be_made_by_somebody_else(desk: Desk) -> None:
    """What `incidents.seal` documents, written out by hand: both databases, and other programs, come to the same hashes."""
    citizen, number = await three_versions(desk)
    async with desk.app[keys.READS]() as session:
        rows = list(await session.scalars(select(IncidentVersion).order_by(IncidentVersion.version)))
    previous = "null"
    for row in rows:
        what = row.content["what"]
        moment = row.created_at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
        sealed = (
            '{"content":{"callback":true,"commune_code":"2A004","commune_name":"Ajaccio","email":"camille@exemple.fr",'
            f'"name":"Camille Exemple","people_text":"Le voisin du 12","phone":"+33199001234","what":"{what}",'
            '"when_end":"2026-11-22T01:30:00+01:00","when_precision":"approximate","when_start":"2026-11-21T18:00:00+01:00",'
            '"when_text":"samedi soir","where_text":"devant chez moi, rue des Essais",'
            '"wish_text":"Je crains que cela recommence","witnesses_text":"Ma sœur"},'
            f'"conversation_id":"{citizen.id}","created_at":"{moment}","number":"{number}","previous_hash":{previous},"version":{row.version}}}'
        )
        assert row.hash == hashlib.sha256(sealed.encode()).hexdigest()
        previous = f'"{row.hash}"'
    assert len(rows) == 3
