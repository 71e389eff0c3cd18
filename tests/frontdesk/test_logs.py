"""Nothing that anyone wrote, and no secret, is logged: over a whole conversation with everything that goes wrong."""

import asyncio
import json
import logging

import pytest
from conftest import StartDesk
from fake_assistant import FakeAssistant, fails, sends
from harness import BOTH_DATABASES, PASSWORD, by, handoff
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from frontdesk import keys, queue

WORD = "Rocamadour"  # in everything that somebody writes below


@BOTH_DATABASES
async def test_logs_hold_nothing_that_anyone_wrote(
    start_desk: StartDesk, assistant: FakeAssistant, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("aiosqlite").setLevel(logging.INFO)  # its DEBUG lines quote statements; ours and all other libraries' are looked at
    desk = await start_desk(assistant_patience=0.1, assistant_give_up=0.3, lease_seconds=0.5)
    citizen, agent = await desk.citizen(), await desk.agent()
    question = f"Mon nom est {WORD}"
    assistant.script[question] = [fails(500, WORD), sends(WORD.encode()), sends({"messages": [{"text": WORD, "links": WORD}]})]
    await citizen.answered(await citizen.say(question))
    broken = f"{WORD} encore"
    assistant.script[broken] = [fails()] * 500
    await citizen.say(broken)
    await citizen.owned_by("queue")
    await agent.read(citizen)
    await agent.claim(citizen)
    await agent.say(citizen, f"Bonjour {WORD}")
    await citizen.owned_by("queue")  # lease lost
    await agent.claim(citizen)
    await agent.call("POST", f"/conversations/{citizen.id}/close", json={"outcome": "answered", "return_to_assistant": True, "note": WORD})
    await citizen.say(f"Au secours, {WORD} me frappe")
    await desk.webhook(handoff(citizen, summary=WORD, slots={"nom": WORD}), webhook_id="one")
    await desk.webhook(handoff(citizen, reason=WORD), webhook_id="two")
    await desk.webhook(handoff(citizen, summary=WORD), webhook_id="three", webhook_signature=f"v1,{WORD}")
    await citizen.post({"client_id": WORD + " ", "text": WORD * 500})
    await citizen.call("POST", "/messages", data=f'{{"text": "{WORD}'.encode())
    await desk.request("GET", f"/{WORD}")
    await desk.request("POST", "/api/v1/agent/session", json={"email": f"{WORD}@exemple.fr", "password": WORD})
    async with citizen.live() as live:
        await live.send(type="message", client_id="x", text=WORD * 500)
        await live.until("error")
        await live.send(type=WORD)
        await live.until("error")

    async def fails_with_words(*_: object, **__: object) -> None:
        async with desk.app[keys.SESSIONS].begin() as session:
            await session.execute(text("insert into nowhere values (:word)"), {"word": WORD})

    monkeypatch.setattr(queue, "overview", fails_with_words)
    assert (await agent.call("GET", "/queue")).status == 500
    async with agent.live() as console:
        assert await console.closed() == 1011

    assert by(await citizen.events(), "citizen")
    assert len(caplog.records) > 10  # something was logged, else this test would see nothing
    logged = caplog.text + json.dumps([record.args for record in caplog.records], default=repr)
    for secret in (WORD, citizen.token, agent.cookie, agent.csrf, PASSWORD, agent.email):
        assert secret not in logged


@BOTH_DATABASES
async def test_database_errors_do_not_quote_parameters(start_desk: StartDesk) -> None:
    desk = await start_desk()
    async with desk.app[keys.SESSIONS]() as session:
        with pytest.raises(DBAPIError) as raised:
            await session.execute(text("insert into nowhere values (:word)"), {"word": WORD})
    assert WORD not in str(raised.value)


async def test_unhandled_task_error_does_not_stop_turns(
    start_desk: StartDesk, assistant: FakeAssistant, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of the database in the middle: the turn stays pending, is tried again, and only the fault's type is logged."""
    desk = await start_desk()
    worker = desk.app[keys.TURNS]
    finish, failed = worker._finish, asyncio.Event()

    async def fails_once(*arguments: object) -> None:
        if not failed.is_set():
            failed.set()
            raise OSError(WORD)
        await finish(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(worker, "_finish", fails_once)
    citizen = await desk.citizen()
    events = await citizen.answered(await citizen.say("Bonjour"))
    assert failed.is_set()
    assert len(events) == 2
    assert "stopped on OSError" in caplog.text
    assert WORD not in caplog.text
