"""The webhooks of the two forms: what they take and refuse, what citizens and agents get to see of it."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from conftest import StartDesk
from fake_assistant import FakeAssistant
from harness import BOTH_DATABASES, SECRET, Citizen, Desk, Event, by, handoff, owners
from sqlalchemy import func, select
from standardwebhooks import Webhook

from frontdesk import keys, submissions
from frontdesk.models import Appointment, AuditEntry, Handoff, IncidentReport, IncidentVersion, WebhookReceipt
from frontdesk.schemas import AppointmentData, IncidentData
from frontdesk.settings import ROOT

BOTH_KINDS = pytest.mark.parametrize("kind", ["appointment", "incident"])
PHONE = "+33199001234"  # the ARCEP keeps 01 99 00 for fiction
PAGE = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")

APPOINTMENT: dict[str, Any] = {
    "reason": "complaint",
    "reason_text": "On a volé mon vélo dans la cour",
    "commune_code": "69383",
    "commune_name": "Lyon 3e",
    "postcode": "69003",
    "unit": "police",
    "wishes_text": "jeudi matin, ou le 1er décembre vers 14 h",
    "wishes": [
        {"start": "2026-11-26T08:00:00+01:00", "end": "2026-11-26T12:00:00+01:00", "text": "jeudi matin"},
        {"start": "2026-12-01T14:00:00+01:00", "end": "2026-12-01T14:00:00+01:00", "text": "le 1er décembre vers 14 h"},
    ],
    "name": "Camille Exemple",
    "phone": PHONE,
    "email": "camille@exemple.fr",
    "accessibility": "Je suis en fauteuil roulant",
}
INCIDENT: dict[str, Any] = {
    "what": "Mon voisin a garé sa camionnette devant mon portail",
    "when_text": "samedi soir",
    "when_start": "2026-11-21T18:00:00+01:00",
    "when_end": "2026-11-22T01:30:00+01:00",
    "when_precision": "approximate",
    "where_text": "devant chez moi, rue des Essais",
    "commune_code": "2A004",
    "commune_name": "Ajaccio",
    "people_text": "Le voisin du 12",
    "witnesses_text": "Ma sœur",
    "wish_text": "Je crains que cela recommence",
    "name": "Camille Exemple",
    "phone": PHONE,
    "email": "camille@exemple.fr",
    "callback": True,
}
TYPES = {"appointment": "appointment.requested", "incident": "incident.reported"}
CONTENT = {"appointment": APPOINTMENT, "incident": INCIDENT}


def submission(kind: str, citizen: Citizen, **change: Any) -> dict[str, Any]:
    """The body of one of the two webhooks."""
    data = {"conversation_id": citizen.id, **CONTENT[kind], **change}
    return {"type": TYPES[kind], "timestamp": "2026-11-23T10:00:00Z", "data": data}


def receipts(events: list[Event]) -> list[dict[str, Any]]:
    return [event["data"] for event in by(events, "system", "submission")]


async def count(desk: Desk, model: type[Any]) -> int:
    async with desk.app[keys.READS]() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
async def citizen(desk: Desk) -> Citizen:
    return await desk.citizen()


# --- taken -------------------------------------------------------------------------------------------------------


@BOTH_DATABASES
async def test_appointment_webhook_is_stored_queued_and_shown(desk: Desk) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    answer = await desk.webhook(submission("appointment", citizen), webhook_id="one", path="appointment")
    assert answer.status == 202
    number = answer.body["number"]
    assert re.fullmatch(r"RDV-20\d\d-000001", number)
    (item,) = (await agent.queue())["waiting"]
    assert answer.body == {"number": number, "version": 1, "handoff_id": item["handoff_id"], "place": 1}
    assert (item["reason"], item["priority"], item["slots"], item["urgent"]) == ("appointment", "normal", {}, False)
    assert item["summary"].splitlines() == [
        f"Demande de rendez-vous {number}",
        "Motif\u00a0: déposer une plainte",
        "Objet\u00a0: On a volé mon vélo dans la cour",
        "Commune\u00a0: Lyon 3e, 69003 (code Insee 69383)",
        "Service\u00a0: police",
        "Souhaits\u00a0: jeudi matin, ou le 1er décembre vers 14 h",
        "Créneau possible\u00a0: jeudi matin (jeudi 26 novembre 2026 de 8\u00a0h\u00a000 à 12\u00a0h\u00a000)",
        "Créneau possible\u00a0: le 1er décembre vers 14 h (mardi 1er décembre 2026 à 14\u00a0h\u00a000)",
        "Nom\u00a0: Camille Exemple",
        "Téléphone\u00a0: +33\u00a01\u00a099\u00a000\u00a012\u00a034",
        "Adresse e-mail\u00a0: camille@exemple.fr",
        "Besoin particulier\u00a0: Je suis en fauteuil roulant",
    ]
    events = await citizen.events()
    assert receipts(events) == [{"kind": "appointment", "number": number, "version": 1}]
    assert owners(events) == ["queue"]
    (shown,) = (await agent.read(citizen)).body["submissions"]
    at = by(events, "system", "submission")[0]["at"]
    assert shown | {"at": at} == {"kind": "appointment", "number": number, "version": 1, "versions": 1, "at": at, "data": APPOINTMENT}
    assert shown["at"][:16] == at[:16]


@BOTH_DATABASES
async def test_incident_webhook_is_stored_queued_and_shown(desk: Desk) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    answer = await desk.webhook(submission("incident", citizen), webhook_id="one", path="incident")
    assert answer.status == 202
    number = answer.body["number"]
    assert re.fullmatch(r"MC-20\d\d-000001", number)
    (item,) = (await agent.queue())["waiting"]
    assert answer.body == {"number": number, "version": 1, "handoff_id": item["handoff_id"], "place": 1}
    assert (item["reason"], item["priority"], item["slots"]) == ("incident", "normal", {})
    assert item["summary"].splitlines() == [
        f"Main courante {number}",
        "Faits\u00a0: Mon voisin a garé sa camionnette devant mon portail",
        "Quand\u00a0: samedi soir",
        "Date\u00a0: du samedi 21 novembre 2026 à 18\u00a0h\u00a000 au dimanche 22 novembre 2026 à 1\u00a0h\u00a030, date approximative",
        "Où\u00a0: devant chez moi, rue des Essais",
        "Commune\u00a0: Ajaccio (code Insee 2A004)",
        "Personnes concernées\u00a0: Le voisin du 12",
        "Témoins\u00a0: Ma sœur",
        "Souhait ou crainte\u00a0: Je crains que cela recommence",
        "Nom\u00a0: Camille Exemple",
        "Téléphone\u00a0: +33\u00a01\u00a099\u00a000\u00a012\u00a034",
        "Adresse e-mail\u00a0: camille@exemple.fr",
        "Être rappelé\u00a0: oui",
    ]
    assert receipts(await citizen.events()) == [{"kind": "incident", "number": number, "version": 1}]
    (shown,) = (await agent.read(citizen)).body["submissions"]
    assert (shown["kind"], shown["number"], shown["version"], shown["versions"], shown["intact"]) == ("incident", number, 1, 1, True)
    assert shown["data"] == INCIDENT


REQUIRED = {
    "appointment": {"reason", "unit", "name", "phone"},
    "incident": {"what", "when_precision", "name", "callback", "phone"},  # phone or email
}


@BOTH_KINDS
async def test_submission_webhook_with_nothing_but_what_it_needs(desk: Desk, citizen: Citizen, kind: str) -> None:
    body = submission(kind, citizen)
    needed = REQUIRED[kind]
    body["data"] = {name: value for name, value in body["data"].items() if name in needed | {"conversation_id"}}
    assert (await desk.webhook(body, webhook_id="one", path=kind)).status == 202
    (shown,) = (await (await desk.agent()).read(citizen)).body["submissions"]
    rest = {name: value for name, value in shown["data"].items() if name not in needed}
    assert rest.keys() | needed == CONTENT[kind].keys()
    assert all(value in (None, []) for value in rest.values())


async def test_incident_webhook_with_an_email_and_no_phone(desk: Desk, citizen: Citizen) -> None:
    answer = await desk.webhook(submission("incident", citizen, phone=None), webhook_id="one", path="incident")
    assert answer.status == 202


@BOTH_KINDS
async def test_submission_webhook_trims_and_normalises(desk: Desk, citizen: Citizen, kind: str) -> None:
    change: dict[str, Any] = {"name": "  Camille  ", "email": "Camille@EXEMPLE.FR"}
    if kind == "appointment":
        change["wishes"] = [{"start": "20261126T080000.5+0100", "end": "2026-11-26T08:00:01Z", "text": " matin "}]
    assert (await desk.webhook(submission(kind, citizen, **change), webhook_id="one", path=kind)).status == 202
    (shown,) = (await (await desk.agent()).read(citizen)).body["submissions"]
    assert (shown["data"]["name"], shown["data"]["email"]) == ("Camille", "Camille@exemple.fr")
    if kind == "appointment":
        assert shown["data"]["wishes"] == [{"start": "2026-11-26T08:00:00+01:00", "end": "2026-11-26T08:00:01+00:00", "text": "matin"}]


async def test_submission_summary_is_short_and_names_a_clock_of_no_french_place(desk: Desk, citizen: Citizen) -> None:
    change = {
        "what": "mot " * 1000,
        "where_text": "ici\nNom\u00a0: Personne",
        "when_start": "2026-11-21T17:00:00Z",
        "when_end": "2026-11-21T18:05:00Z",
        "when_precision": "exact",
    }
    await desk.webhook(submission("incident", citizen, **change), webhook_id="one", path="incident")
    (item,) = (await (await desk.agent()).queue())["waiting"]
    lines = item["summary"].splitlines()
    assert (len(lines[1]), lines[1][-1]) == (len("Faits\u00a0: ") + submissions.QUOTED, "…")
    assert lines[4] == "Où\u00a0: ici Nom\u00a0: Personne"  # what somebody wrote makes no line of its own
    assert lines[3] == "Date\u00a0: samedi 21 novembre 2026 de 17\u00a0h\u00a000 à 18\u00a0h\u00a005 (UTC), date exacte"


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        (None, None, None),
        ("2026-11-21T17:00:00+04:00", None, "samedi 21 novembre 2026 à 17\u00a0h\u00a000"),
        (None, "2026-03-01T07:05:00-04:00", "jusqu’au dimanche 1er mars 2026 à 7\u00a0h\u00a005"),
        # The clocks change in between: the same day, but not the same clock.
        (
            "2026-10-25T01:00:00+02:00",
            "2026-10-25T05:00:00+01:00",
            "du dimanche 25 octobre 2026 à 1\u00a0h\u00a000 au dimanche 25 octobre 2026 à 5\u00a0h\u00a000",
        ),
    ],
)
def test_submission_period_in_words(start: str | None, end: str | None, told: str | None) -> None:
    assert submissions.period(start, end) == told


@BOTH_KINDS
async def test_submission_webhook_keeps_the_answer_of_its_own_turn(desk: Desk, assistant: FakeAssistant, kind: str) -> None:
    """The assistant submits while it works on a message: its answer to that one is still shown, one to a later message is not owed."""
    citizen = await desk.citizen()

    async def submits(asked: dict[str, Any]) -> None:
        answer = await desk.webhook(submission(kind, citizen, message_id=asked["message_id"]), webhook_id="one", path=kind)
        assert answer.status == 202

    assistant.script["Oui, envoyez"] = [submits]
    events = await citizen.answered(await citizen.say("Oui, envoyez"))
    assert [event["type"] for event in events] == ["message", "submission", "owner", "queue", "message"]


@BOTH_KINDS
async def test_submission_webhook_reaches_a_watching_console_and_the_citizen_at_once(desk: Desk, kind: str) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    async with agent.live() as console, citizen.live() as page:
        await console.send(type="watch", conversation_id=citizen.id, after=0)
        first = await console.until("events")
        assert "submissions" not in first
        await page.until("events")
        answer = await desk.webhook(submission(kind, citizen), webhook_id="one", path=kind)
        frame = await console.until("events", lambda frame: bool(receipts(frame["events"])))
        (shown,) = frame["submissions"]
        assert shown == (await agent.read(citizen)).body["submissions"][0]
        assert (shown["number"], shown["data"]) == (answer.body["number"], CONTENT[kind])
        told = await page.until("events", lambda frame: bool(receipts(frame["events"])))
        assert "submissions" not in told


# --- conversations that are in the queue or with an agent ----------------------------------------------------------


@BOTH_KINDS
async def test_submission_webhook_for_a_conversation_that_waits_keeps_its_handoff(desk: Desk, citizen: Citizen, kind: str) -> None:
    first = await desk.webhook(handoff(citizen, reason="sensitive", priority="high", summary="Ce qui a été dit"), webhook_id="one")
    answer = await desk.webhook(submission(kind, citizen), webhook_id="two", path=kind)
    assert (answer.status, answer.body["handoff_id"]) == (202, first.body["handoff_id"])
    agent = await desk.agent()
    (item,) = (await agent.queue())["waiting"]
    assert (item["reason"], item["priority"], item["summary"]) == ("sensitive", "high", "Ce qui a été dit")
    assert [one["number"] for one in (await agent.read(citizen)).body["submissions"]] == [answer.body["number"]]


@BOTH_KINDS
async def test_submission_webhook_for_a_conversation_that_an_agent_has(desk: Desk, citizen: Citizen, kind: str) -> None:
    agent = await desk.agent()
    await citizen.call("POST", "/handoff")
    claimed = (await agent.claim(citizen)).body["handoff"]
    answer = await desk.webhook(submission(kind, citizen), webhook_id="one", path=kind)
    assert (answer.status, answer.body["handoff_id"]) == (202, claimed["handoff_id"])
    assert (await citizen.now())["owner"] == "agent"
    events = await citizen.events()
    assert (owners(events), len(receipts(events))) == (["queue", "agent"], 1)
    assert (await agent.read(citizen)).body["submissions"][0]["number"] == answer.body["number"]


async def test_submissions_of_one_conversation_are_all_shown(desk: Desk, citizen: Citizen) -> None:
    for number, kind in enumerate(["incident", "appointment", "incident"]):
        await desk.webhook(submission(kind, citizen), webhook_id=str(number), path=kind)
    shown = (await (await desk.agent()).read(citizen)).body["submissions"]
    assert [one["number"].split("-", 1)[0] + one["number"][-2:] for one in shown] == ["RDV01", "MC01", "MC02"]


async def test_submissions_are_shown_only_to_who_may_read_and_reading_is_audited(desk: Desk, citizen: Citizen) -> None:
    reader, other = await desk.agent("Marie D."), await desk.agent("Jean P.")
    await desk.webhook(submission("incident", citizen), webhook_id="one", path="incident")
    await reader.claim(citizen)
    assert (await other.read(citizen)).code == "not_yours"
    assert len((await reader.read(citizen)).body["submissions"]) == 1
    async with desk.app[keys.READS]() as session:
        assert len(list(await session.scalars(select(AuditEntry.id).where(AuditEntry.action == "read")))) == 1
    await reader.close(citizen, back=True)
    assert (await reader.read(citizen)).code == "not_yours"


async def test_submissions_of_another_conversation_are_not_shown(desk: Desk, citizen: Citizen) -> None:
    other, agent = await desk.citizen(), await desk.agent()
    await desk.webhook(submission("incident", citizen), webhook_id="one", path="incident")
    await other.call("POST", "/handoff")
    assert (await agent.read(other)).body["submissions"] == []


# --- once, and numbered ------------------------------------------------------------------------------------------


@BOTH_DATABASES
@BOTH_KINDS
async def test_submission_webhook_replay(desk: Desk, kind: str) -> None:
    citizen = await desk.citizen()
    first = await desk.webhook(submission(kind, citizen), webhook_id="one", path=kind)
    again = await desk.webhook(submission(kind, citizen), webhook_id="one", path=kind, at=time.time() + 30)
    assert (first.status, again.status) == (202, 200)
    assert again.body == first.body
    await desk.restart()
    assert (await desk.webhook(submission(kind, citizen), webhook_id="one", path=kind)).body == first.body
    assert len(receipts(await citizen.events())) == 1
    assert await count(desk, Appointment) + await count(desk, IncidentVersion) == 1


@BOTH_DATABASES
@BOTH_KINDS
async def test_submission_webhook_replay_at_the_same_moment(desk: Desk, kind: str) -> None:
    citizen = await desk.citizen()
    answers = await asyncio.gather(*(desk.webhook(submission(kind, citizen), webhook_id="one", path=kind) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200] * 9 + [202]
    assert len({json.dumps(answer.body) for answer in answers}) == 1
    assert (await count(desk, Handoff), await count(desk, WebhookReceipt)) == (1, 1)


@BOTH_DATABASES
@BOTH_KINDS
async def test_submission_webhook_same_id_for_several_conversations_at_the_same_moment(desk: Desk, kind: str) -> None:
    citizens = [await desk.citizen() for _ in range(6)]
    answers = await asyncio.gather(*(desk.webhook(submission(kind, citizen), webhook_id="one", path=kind) for citizen in citizens))
    assert sorted(answer.status for answer in answers) == [200] * 5 + [202]
    assert len({answer.body["number"] for answer in answers}) == 1
    after = await desk.webhook(submission(kind, citizens[0]), webhook_id="two", path=kind)
    assert after.body["number"].endswith("-000002")  # those who lost gave their numbers back


@BOTH_KINDS
async def test_submission_webhook_id_of_another_webhook_is_refused(desk: Desk, citizen: Citizen, kind: str) -> None:
    other = {"appointment": "incident", "incident": "appointment"}[kind]
    await desk.webhook(handoff(citizen), webhook_id="one")
    await desk.webhook(submission(other, citizen), webhook_id="two", path=other)
    for webhook_id in ("one", "two"):
        answer = await desk.webhook(submission(kind, citizen), webhook_id=webhook_id, path=kind)
        assert (answer.status, answer.code) == (400, "bad_request")
    assert (await desk.webhook(handoff(citizen), webhook_id="two")).code == "bad_request"


Numbering = Callable[[Any, submissions.Kind, datetime], Awaitable[str]]


async def numbers(desk: Desk, monkeypatch: pytest.MonkeyPatch, number: Numbering) -> tuple[list[str], int]:
    """Fifteen appointments and fifteen reports at once: their numbers, and how often one was asked for."""
    asked = 0

    async def counted(session: Any, kind: submissions.Kind, moment: datetime) -> str:
        nonlocal asked
        asked += 1
        return await number(session, kind, moment)

    monkeypatch.setattr(submissions, "next_number", counted)
    citizens = [await desk.citizen() for _ in range(15)]
    answers = await asyncio.gather(
        *(
            desk.webhook(submission(kind, citizen), webhook_id=f"{kind}{index}", path=kind)
            for index, citizen in enumerate(citizens)
            for kind in CONTENT
        )
    )
    return [answer.body["number"] for answer in answers if answer.status == 202], asked


@BOTH_DATABASES
async def test_submission_numbers_race(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each number once, without holes, each kind for itself, and nobody has to ask twice."""
    given, asked = await numbers(desk, monkeypatch, submissions.next_number)
    for prefix in ("RDV-", "MC-"):
        assert sorted(int(number[-6:]) for number in given if number.startswith(prefix)) == list(range(1, 16))
    assert asked == 30


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_submission_numbers_race_without_the_counter_has_losers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard of the test above: numbers that are read and then written collide, and only the unique key stops them."""
    together = asyncio.Barrier(8)
    arrived = 0

    async def read_first(session: Any, kind: submissions.Kind, moment: datetime) -> str:
        nonlocal arrived
        last = await session.scalar(select(func.count()).select_from(Appointment if kind == "appointment" else IncidentReport))
        arrived += 1
        if arrived <= together.parties:
            await together.wait()
        return f"{submissions.PREFIXES[kind]}-2026-{last + 1:06d}"

    given, asked = await numbers(desk, monkeypatch, read_first)
    assert len(set(given)) == len(given)
    assert asked > 30


@BOTH_DATABASES
async def test_submission_numbers_begin_again_with_the_year(desk: Desk) -> None:
    async with desk.app[keys.SESSIONS].begin() as session:
        moments = [datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC)]
        given = [await submissions.next_number(session, "incident", moment) for moment in moments]
    assert given == ["MC-2026-000001", "MC-2027-000001", "MC-2027-000002"]


async def test_submission_metrics_count_by_kind_and_reason(desk: Desk, citizen: Citizen) -> None:
    async def read() -> list[float]:
        async with desk.client.get("/metrics") as response:
            page = await response.text()
        names = ['submissions_total{kind="appointment"}', 'submissions_total{kind="incident"}', 'handoffs_total{reason="incident"}']
        return [float(found[1]) if (found := re.search(rf"^relais_{re.escape(name)} (.+)$", page, re.MULTILINE)) else 0 for name in names]

    before = await read()
    for webhook_id, kind in (("one", "incident"), ("one", "incident"), ("two", "incident"), ("three", "appointment")):
        await desk.webhook(submission(kind, citizen), webhook_id=webhook_id, path=kind)
    assert [now - then for now, then in zip(await read(), before, strict=True)] == [1, 2, 1]


# --- refused -----------------------------------------------------------------------------------------------------


@BOTH_KINDS
async def test_submission_webhook_signature(desk: Desk, citizen: Citizen, kind: str) -> None:
    body = submission(kind, citizen)
    other = "whsec_" + "QUJD" * 8
    refused = [
        await desk.webhook(body, webhook_id="one", path=kind, secret=other),
        await desk.webhook(body, webhook_id="one", path=kind, webhook_signature=""),
        await desk.webhook(body, webhook_id="one", path=kind, at=time.time() - 310),
        await desk.request("POST", f"/api/v1/webhooks/{kind}", json=body),
    ]
    assert {(answer.status, answer.code) for answer in refused} == {(401, "bad_signature")}
    assert await citizen.events() == []
    assert (await desk.webhook(body, webhook_id="one", path=kind)).status == 202


@BOTH_KINDS
async def test_submission_webhook_signature_of_another_body(desk: Desk, citizen: Citizen, kind: str) -> None:
    raw = json.dumps(submission(kind, citizen)).encode()
    moment = datetime.fromtimestamp(int(time.time()), UTC)
    signature = Webhook(SECRET).sign("one", moment, raw.decode())
    answer = await desk.webhook(
        raw.replace(b"Camille", b"Martine"), webhook_id="one", path=kind, at=moment.timestamp(), webhook_signature=signature
    )
    assert (answer.status, answer.code) == (401, "bad_signature")


@BOTH_DATABASES
@BOTH_KINDS
async def test_submission_webhook_unknown_conversation(desk: Desk, kind: str) -> None:
    answer = await desk.webhook(submission(kind, Citizen(desk, "0" * 32, "")), webhook_id="one", path=kind)
    assert (answer.status, answer.code) == (404, "not_found")
    real = await desk.citizen()
    assert (await desk.webhook(submission(kind, real), webhook_id="one", path=kind)).body["number"].endswith("-000001")


@BOTH_KINDS
async def test_submission_webhook_body_too_large(desk: Desk, citizen: Citizen, kind: str) -> None:
    answer = await desk.webhook(submission(kind, citizen, more="x" * 65_536), webhook_id="one", path=kind)
    assert (answer.status, answer.code) == (413, "body_too_large")


@BOTH_KINDS
async def test_submission_webhook_of_the_other_type(desk: Desk, citizen: Citizen, kind: str) -> None:
    other = {"appointment": "incident", "incident": "appointment"}[kind]
    answer = await desk.webhook(submission(other, citizen), webhook_id="one", path=kind)
    assert answer.code == "bad_request"
    assert "type" in answer.body["error"]["details"]["fields"]


WISH = APPOINTMENT["wishes"][0]
BAD_PHONES = ("0199001234", "+331990012", "+33 1 99 00 12 34", "+33892705705", "17", "+٣٣199001234")
BAD_EMAILS = ("camille", "camille@", "Camille <camille@exemple.fr>", "", "a@" + "b" * 260 + ".fr")
TEXTS = {
    "appointment": {"reason_text": 1000, "commune_name": 100, "wishes_text": 500, "name": 80, "accessibility": 500},
    "incident": {
        "what": 4000,
        "when_text": 500,
        "where_text": 500,
        "commune_name": 100,
        "people_text": 1000,
        "witnesses_text": 1000,
        "wish_text": 1000,
        "name": 80,
    },
}
FIELDS = [(kind, name, limit) for kind, texts in TEXTS.items() for name, limit in texts.items()]


@pytest.mark.parametrize(("kind", "name", "limit"), FIELDS)
async def test_submission_webhook_text_limit(desk: Desk, citizen: Citizen, kind: str, name: str, limit: int) -> None:
    answer = await desk.webhook(submission(kind, citizen, **{name: "é" * (limit + 1)}), webhook_id="one", path=kind)
    assert (answer.status, answer.body["error"]["details"]) == (400, {"fields": {f"data.{name}": "string_too_long"}})
    answer = await desk.webhook(submission(kind, citizen, **{name: "a\x00"}), webhook_id="one", path=kind)
    assert (answer.status, answer.body["error"]["details"]) == (400, {"fields": {f"data.{name}": "value_error"}})
    assert await citizen.events() == []
    assert (await desk.webhook(submission(kind, citizen, **{name: "é" * limit}), webhook_id="one", path=kind)).status == 202


@BOTH_KINDS
async def test_submission_webhook_required_field_missing(desk: Desk, citizen: Citizen, kind: str) -> None:
    for name in [*REQUIRED[kind], "conversation_id"]:
        body = submission(kind, citizen, email=None)
        del body["data"][name]
        answer = await desk.webhook(body, webhook_id="one", path=kind)
        assert answer.code == "bad_request", name
        told = "email" if (kind, name) == ("incident", "phone") else name  # either of both would do
        assert answer.body["error"]["details"]["fields"].keys() == {f"data.{told}"}
    assert await citizen.events() == []


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("appointment", {"reason": "burglary"}, "reason"),
        ("appointment", {"unit": "army"}, "unit"),
        ("appointment", {"postcode": "6900"}, "postcode"),
        ("appointment", {"postcode": "٦٩٠٠٣"}, "postcode"),
        ("appointment", {"phone": None}, "phone"),
        ("appointment", {"wishes": [WISH] * 6}, "wishes"),
        ("appointment", {"wishes": {}}, "wishes"),
        ("appointment", {"wishes": [{**WISH, "text": "x" * 201}]}, "wishes.0.text"),
        ("appointment", {"wishes": [{**WISH, "start": "2026-11-26T08:00:00"}]}, "wishes.0.start"),
        ("appointment", {"wishes": [{**WISH, "start": "2026-11-26T08:00:00+01:00:30"}]}, "wishes.0.start"),
        ("appointment", {"wishes": [{**WISH, "start": "jeudi"}]}, "wishes.0.start"),
        ("appointment", {"wishes": [{**WISH, "start": 1795428000}]}, "wishes.0.start"),
        ("appointment", {"wishes": [WISH, {**WISH, "end": "2026-11-26T06:59:00Z"}]}, "wishes.1.end"),
        ("appointment", {"wishes": [{"start": WISH["start"]}]}, "wishes.0.end"),
        ("incident", {"what": " \n "}, "what"),
        ("incident", {"when_precision": "vague"}, "when_precision"),
        ("incident", {"when_start": "2026-11-21"}, "when_start"),
        ("incident", {"when_end": "2026-11-21T17:59:59+01:00"}, "when_end"),
        ("incident", {"when_end": "x" * 41}, "when_end"),
        ("incident", {"callback": "peut-être"}, "callback"),
        ("incident", {"callback": None}, "callback"),
        ("incident", {"phone": None, "email": None}, "email"),
        ("incident", {"corrects": "RDV-2026-000001"}, "corrects"),
        ("incident", {"corrects": "MC-2026-000001"}, "corrects"),
        *(
            (kind, change, name)
            for kind in CONTENT
            for name, change in [
                *(
                    ("phone", {"phone": bad})
                    for bad in ("0199001234", "+331990012", "+33 1 99 00 12 34", "+33892705705", "17", "+٣٣199001234")
                ),
                *(
                    ("email", {"email": bad})
                    for bad in ("camille", "camille@", "Camille <camille@exemple.fr>", "", "a@" + "b" * 260 + ".fr")
                ),
                *(("commune_code", {"commune_code": bad}) for bad in ("6938", "2C004", "69 83", "٦٩٣٨٣")),
                ("name", {"name": "  "}),
                ("name", {"name": "\ud800"}),
                ("conversation_id", {"conversation_id": ""}),
                ("message_id", {"message_id": "x" * 65}),
            ]
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
async def test_submission_webhook_field_refused(desk: Desk, citizen: Citizen, kind: str, change: dict[str, Any], field: str) -> None:
    answer = await desk.webhook(submission(kind, citizen, **change), webhook_id="one", path=kind)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert answer.body["error"]["details"]["fields"].keys() == {f"data.{field}"}
    assert await citizen.events() == []


@pytest.mark.parametrize("message_id", ["other-1", "x", "-²", "-99999999999"])
async def test_submission_webhook_message_id_of_no_message(desk: Desk, citizen: Citizen, message_id: str) -> None:
    told = citizen.id + message_id if message_id.startswith("-") else message_id
    answer = await desk.webhook(submission("incident", citizen, message_id=told), webhook_id="one", path="incident")
    assert answer.status == 202


@BOTH_DATABASES
async def test_submission_logs_hold_ids_only(start_desk: StartDesk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    desk = await start_desk()
    citizen = await desk.citizen()
    answers = [await desk.webhook(submission(kind, citizen), webhook_id=kind, path=kind) for kind in CONTENT]
    await desk.webhook(submission("incident", citizen, what="x" * 4001), webhook_id="three", path="incident")
    logged = caplog.text + json.dumps([record.args for record in caplog.records], default=repr)
    assert {answer.body["number"] for answer in answers} <= set(re.findall(r"[A-Z]+-\d{4}-\d{6}", logged))
    said = [value for content in CONTENT.values() for value in content.values() if isinstance(value, str) and len(value) > 12]
    assert [value for value in [*said, PHONE] if value in logged] == []


# --- docs/webhooks.md --------------------------------------------------------------------------------------------


@BOTH_KINDS
async def test_page_example_of_a_submission_is_taken(desk: Desk, citizen: Citizen, kind: str) -> None:
    examples = [json.loads(example) for example in re.findall(r"^ {4}\{\n(?: {5,}.*\n)+ {4}\}$", PAGE, re.MULTILINE)]
    (body,) = [example for example in examples if example["type"] == TYPES[kind]]
    body["data"]["conversation_id"] = citizen.id
    assert (await desk.webhook(body, webhook_id="one", path=kind)).status == 202


@BOTH_KINDS
def test_page_names_every_field_and_limit_of_a_submission(kind: str) -> None:
    section = PAGE.partition(f"`POST /api/v1/webhooks/{kind}`")[2].partition("\n## ")[0]
    rows = {
        name: (bool(star), limits) for name, star, limits in re.findall(r"^\| `data\.(\w+)`( \*)? \|.*\|(.*)\|$", section, re.MULTILINE)
    }
    model = {"appointment": AppointmentData, "incident": IncidentData}[kind]
    assert {name: star for name, (star, _) in rows.items()} == {name: field.is_required() for name, field in model.model_fields.items()}
    for name, limit in TEXTS[kind].items():
        assert f"{limit:,} characters" in rows[name][1]
