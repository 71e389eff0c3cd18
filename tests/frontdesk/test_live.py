"""The two live sockets: `docs/api.md`, "Live" and "Agent live"."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError
from conftest import StartDesk
from fake_assistant import FakeAssistant, waits
from harness import BOTH_DATABASES, Desk, Live, by, texts
from sqlalchemy import select

from frontdesk import agents, keys
from frontdesk.models import AuditEntry
from frontdesk.views import agent as agent_views
from frontdesk.views import citizen as citizen_views

GREETING = "Bonjour, où porter plainte ?"


async def read_until(live: Live, count: int) -> list[dict[str, Any]]:
    """Events from the socket until there are so many."""
    events: list[dict[str, Any]] = []
    while len(events) < count:
        events += (await live.until("events"))["events"]
    return events


# --- citizen -----------------------------------------------------------------------------------------------------


async def test_first_frame_is_answered_with_what_was_missed(desk: Desk) -> None:
    citizen = await desk.citizen()
    await citizen.answered(await citizen.say(GREETING))
    async with citizen.live(after=1) as live:
        frame = await live.next()
    assert frame == {"type": "events", "events": (await citizen.events())[1:], "cursor": 2, "now": await citizen.now()}


async def test_first_frame_is_answered_when_nothing_was_missed(desk: Desk) -> None:
    citizen = await desk.citizen()
    async with citizen.live() as live:
        assert await live.next() == {"type": "events", "events": [], "cursor": 0, "now": await citizen.now()}


@BOTH_DATABASES
async def test_message_over_the_socket(desk: Desk) -> None:
    citizen = await desk.citizen()
    async with citizen.live() as live:
        await live.send(type="message", client_id="one", text=GREETING)
        assert await live.until("ack") == {"type": "ack", "client_id": "one", "seq": 1}
        await citizen.answered(1)
        await live.send(type="message", client_id="one", text=GREETING)
        assert (await live.until("ack"))["seq"] == 1
    async with citizen.live() as live:
        events = await read_until(live, 2)
    assert events == await citizen.events()
    assert texts(by(events, "assistant")) == [f"Réponse à : {GREETING}"]


async def test_news_come_by_themselves(desk: Desk) -> None:
    citizen = await desk.citizen()
    async with citizen.live() as live:
        await live.next()
        await citizen.say(GREETING)  # from another tab
        events = await read_until(live, 2)
    assert [event["author"] for event in events] == ["citizen", "assistant"]


async def test_long_backlog_comes_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citizen_views.conversations, "EVENTS_PER_READ", 5)
    citizen = await desk.citizen()
    await citizen.call("POST", "/handoff")
    for number in range(12):
        await citizen.say(f"{number}")
    async with citizen.live() as live:
        assert [event["seq"] for event in await read_until(live, 15)] == list(range(1, 16))


async def test_typing_place_and_ping(desk: Desk) -> None:
    first, second, agent = await desk.citizen(), await desk.citizen(), await desk.agent()
    await first.call("POST", "/handoff")
    await second.call("POST", "/handoff")
    async with second.live() as live:
        await live.until("events")
        await live.send(type="typing")
        await live.until("now", lambda frame: frame["now"]["typing"] == ["citizen"])
        await agent.claim(first)  # somebody before leaves: the place moves without any event
        frame = await live.until("now", lambda frame: frame["now"]["queue"]["place"] == 1)
        assert frame["now"]["queue"] == {"place": 1, "waiting": 1}
        await live.send(type="ping")
        assert await live.until("pong") == {"type": "pong"}


async def test_assistant_types_over_the_socket(desk: Desk, assistant: FakeAssistant) -> None:
    go = asyncio.Event()
    assistant.script[GREETING] = [waits(go)]
    citizen = await desk.citizen()
    async with citizen.live() as live:
        await live.next()
        await live.send(type="message", client_id="one", text=GREETING)
        frame = await live.until("events")
        assert frame["now"]["typing"] == ["assistant"]
        go.set()
        frame = await live.until("events", lambda frame: bool(by(frame["events"], "assistant")))
        assert frame["now"]["typing"] == []


AUTH_FRAMES = {
    "wrong token": {"type": "auth", "token": "faux"},
    "no token": {"type": "auth"},
    "not auth": {"type": "message", "client_id": "one", "text": "x"},
    "no type": {"token": "x"},
    "list": [],
    "string": "auth",
    "token no string": {"type": "auth", "token": None},
    "after negative": {"type": "auth", "token": "TOKEN", "after": -1},
    "after huge": {"type": "auth", "token": "TOKEN", "after": 10**30},
    "after text": {"type": "auth", "token": "TOKEN", "after": "x"},
}


@pytest.mark.parametrize("frame", AUTH_FRAMES.values(), ids=AUTH_FRAMES)
async def test_bad_first_frame(desk: Desk, frame: Any) -> None:
    citizen = await desk.citizen()
    raw = json.dumps(frame).replace("TOKEN", citizen.token)
    async with desk.client.ws_connect(citizen.path + "/live") as socket:
        await socket.send_str(raw)
        assert await Live(socket).closed() == 4401


@pytest.mark.parametrize("raw", ["{", "", '{"type": NaN}', "[" * 50_000])
async def test_first_frame_is_not_json(desk: Desk, raw: str) -> None:
    citizen = await desk.citizen()
    async with desk.client.ws_connect(citizen.path + "/live") as socket:
        await socket.send_str(raw)
        assert await Live(socket).closed() == 4401


async def test_first_frame_is_binary(desk: Desk) -> None:
    citizen = await desk.citizen()
    async with desk.client.ws_connect(citizen.path + "/live") as socket:
        await socket.send_bytes(b"{}")
        assert await Live(socket).closed() == 4401


async def test_first_frame_does_not_come(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citizen_views, "FIRST_FRAME_SECONDS", 0.1)
    citizen = await desk.citizen()
    async with desk.client.ws_connect(citizen.path + "/live") as socket:
        assert await Live(socket).closed() == 4401


@pytest.mark.parametrize("path", ["conversations/{}/live", "agent/live"])
@pytest.mark.parametrize("header", [{"Origin": "https://ailleurs.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_socket_from_another_site(desk: Desk, path: str, header: dict[str, str]) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    with pytest.raises(WSServerHandshakeError) as refused:
        await desk.client.ws_connect("/api/v1/" + path.format(citizen.id), headers={**agent.headers, **header})
    assert refused.value.status == 403


async def test_socket_from_this_site_and_an_allowed_one(start_desk: StartDesk) -> None:
    desk = await start_desk(allowed_origins="https://mairie.example")
    citizen = await desk.citizen()
    for origin in ("https://mairie.example", f"http://{desk.client.host}:{desk.client.port}"):
        async with desk.client.ws_connect(citizen.path + "/live", headers={"Origin": origin}) as socket:
            await socket.send_json({"type": "auth", "token": citizen.token})
            assert (await Live(socket).next())["type"] == "events"


async def test_fourth_socket_is_refused(desk: Desk) -> None:
    citizen = await desk.citizen()
    async with citizen.live() as one, citizen.live() as two:
        await one.next()
        await two.next()
        async with citizen.live() as three:
            await three.next()
            async with citizen.live() as four:
                frame = await four.next()
                assert (frame["type"], frame["client_id"], frame["error"]["code"]) == ("error", None, "too_many_sockets")
                assert await four.closed() == 4429
        await three.closed()
        async with citizen.live() as again:  # one was closed: there is room
            assert (await again.next())["type"] == "events"


async def test_consoles_and_long_polls_take_no_citizen_s_socket(desk: Desk) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    await citizen.call("POST", "/handoff")
    async with agent.live() as one, agent.live() as two, agent.live() as three:
        for console in (one, two, three):
            await console.send(type="watch", conversation_id=citizen.id, after=0)
            await console.until("events")
        async with citizen.live() as live:
            assert (await live.next())["type"] == "events"


FRAMES = [
    ({"type": "message", "client_id": "one", "text": "x" * 2001}, "text_too_long", "one"),
    ({"type": "message", "client_id": "one", "text": " "}, "text_empty", "one"),
    ({"type": "message", "client_id": "a b", "text": "x"}, "bad_request", "a b"),
    ({"type": "message", "client_id": "x" * 65, "text": "x"}, "bad_request", None),
    ({"type": "message", "text": "x"}, "bad_request", None),
    ({"type": "message", "client_id": 5, "text": "x"}, "bad_request", None),
    ({"type": "dance"}, "bad_request", None),
    ({"type": ["message"]}, "bad_request", None),
    ({}, "bad_request", None),
    ([], "bad_request", None),
    ("x", "bad_request", None),
]


@pytest.mark.parametrize(("frame", "code", "client_id"), FRAMES)
async def test_error_frame(desk: Desk, frame: Any, code: str, client_id: str | None) -> None:
    citizen = await desk.citizen()
    async with citizen.live() as live:
        await live.next()
        await live.socket.send_json(frame)
        answer = await live.next()
        assert (answer["type"], answer["error"]["code"], answer["client_id"]) == ("error", code, client_id)
        await live.send(type="ping")  # and the socket goes on
        assert (await live.next())["type"] == "pong"
    assert await citizen.events() == []


async def test_rate_limit_over_the_socket(start_desk: StartDesk) -> None:
    desk = await start_desk(messages_per_minute=1)
    citizen = await desk.citizen()
    async with citizen.live() as live:
        for number in range(2):
            await live.send(type="message", client_id=f"c{number}", text="x")
        frame = await live.until("error")
        assert (frame["client_id"], frame["error"]["code"]) == ("c1", "rate_limited")
        assert frame["error"]["details"]["retry_after"] >= 1


async def test_frame_too_large(desk: Desk) -> None:
    citizen = await desk.citizen()
    async with citizen.live() as live:
        await live.next()
        await live.socket.send_str("x" * 70_000)
        assert await live.closed() == 1009


async def test_socket_is_closed_when_the_service_stops(desk: Desk) -> None:
    citizen = await desk.citizen()
    async with citizen.live() as live:
        await live.next()
        await asyncio.gather(desk.client.server.close(), live.closed())
        assert live.socket.close_code == 1001


async def test_socket_is_closed_when_it_can_not_be_served(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Silence on an open socket would look like "nothing happened"; closed, the client comes back with its cursor."""
    citizen = await desk.citizen()

    async def broken(*_: Any) -> None:
        raise OSError("the words of somebody")

    async with citizen.live() as live:
        await live.next()
        monkeypatch.setattr(citizen_views, "_news", broken)
        await citizen.say(GREETING)
        assert await live.closed() == 1011
    assert "live socket stopped on OSError" in caplog.text
    assert "the words of somebody" not in caplog.text


async def test_socket_is_closed_when_a_message_can_not_be_stored(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    citizen = await desk.citizen()

    async def broken(*_: Any) -> None:
        raise OSError

    async with citizen.live() as live:
        await live.next()
        monkeypatch.setattr(citizen_views, "_post", broken)
        await live.send(type="message", client_id="one", text=GREETING)
        assert await live.closed() == 1011  # not acknowledged, so the client sends it again


# --- console -----------------------------------------------------------------------------------------------------


async def test_console_needs_a_session(desk: Desk) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await desk.client.ws_connect("/api/v1/agent/live")
    assert refused.value.status == 401


async def test_console_shows_the_queue_and_each_change(desk: Desk) -> None:
    agent, citizen = await desk.agent(), await desk.citizen()
    async with agent.live() as console:
        assert await console.next() == {"type": "queue", "waiting": [], "mine": []}
        await citizen.call("POST", "/handoff")
        frame = await console.until("queue", lambda frame: bool(frame["waiting"]))
        assert frame["waiting"] == (await agent.queue())["waiting"]
        await citizen.say("Il y a quelqu’un ?")
        await console.until("queue", lambda frame: frame["waiting"][0]["unread"] == 1)
        await agent.claim(citizen)
        frame = await console.until("queue", lambda frame: bool(frame["mine"]))
        assert frame["waiting"] == []
        await agent.close(citizen, back=True)
        await console.until("queue", lambda frame: not frame["mine"])


async def test_console_gets_an_emergency_at_once(desk: Desk) -> None:
    agent, citizen = await desk.agent(), await desk.citizen()
    async with agent.live() as console:
        await console.next()
        await citizen.say("Au secours, on me frappe")
        frame = await console.until("queue")
        assert frame["waiting"][0]["urgent"] is True


@BOTH_DATABASES
async def test_console_watches_a_conversation(desk: Desk) -> None:
    agent, citizen = await desk.agent(), await desk.citizen()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    async with agent.live() as console:
        await console.send(type="watch", conversation_id=citizen.id, after=2)
        frame = await console.until("events")
        assert frame["conversation_id"] == citizen.id
        assert frame["events"] == (await citizen.events())[2:]
        assert frame["now"]["owner"] == "agent"
        await citizen.call("POST", "/typing")
        frame = await console.until("now", lambda frame: frame["now"]["typing"] == ["citizen"])
        assert frame["conversation_id"] == citizen.id
        await citizen.say(GREETING)
        frame = await console.until("events")
        assert texts(frame["events"]) == [GREETING]
        await console.send(type="typing", conversation_id=citizen.id)
        await console.until("now", lambda frame: frame["now"]["typing"] == ["agent"])
    assert (await citizen.now())["typing"] == ["agent"]


async def test_console_watches_another_conversation_or_none(desk: Desk) -> None:
    agent, first, second = await desk.agent(), await desk.citizen(), await desk.citizen()
    for citizen in (first, second):
        await citizen.call("POST", "/handoff")
    async with agent.live() as console:
        for citizen in (first, second):
            await console.send(type="watch", conversation_id=citizen.id, after=0)
            assert (await console.until("events"))["conversation_id"] == citizen.id
        await first.say("nobody watches")
        await second.say("watched")
        frame = await console.until("events")
        assert frame["conversation_id"] == second.id
        await console.send(type="watch", conversation_id=None)
        await console.send(type="renew")
        await console.until("renewed")  # the frame before it has been worked off
        await second.say("nobody watches")
        frame = await console.until("queue", lambda frame: frame["waiting"][1]["unread"] == 2)
        await console.send(type="renew")
        assert (await console.next())["type"] == "renewed"


async def test_console_loses_sight_when_somebody_else_claims(desk: Desk) -> None:
    agent, other, citizen = await desk.agent(), await desk.agent("Jean P."), await desk.citizen()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    async with agent.live() as console:
        await console.send(type="watch", conversation_id=citizen.id, after=0)
        await console.until("events")
        await agent.call("POST", f"/conversations/{citizen.id}/release")
        await console.until("events", lambda frame: frame["now"]["owner"] == "queue")  # who waits may be watched
        await other.claim(citizen)
        frame = await console.until("error")
        assert (frame["conversation_id"], frame["error"]["code"]) == (citizen.id, "not_yours")
        await citizen.say("Ce n’est plus pour vous")
        await other.say(citizen, "Bonjour")
        await console.send(type="renew")
        while (frame := await console.next())["type"] != "renewed":
            assert frame["type"] == "queue"
        assert frame["mine"] == []
        await console.send(type="watch", conversation_id=citizen.id, after=0)
        assert (await console.until("error"))["error"]["code"] == "not_yours"


async def test_console_stops_watching_what_was_closed(desk: Desk) -> None:
    agent, citizen = await desk.agent(), await desk.citizen()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    async with agent.live() as console:
        await console.send(type="watch", conversation_id=citizen.id, after=0)
        await console.until("events")
        await agent.close(citizen, back=True)
        frame = await console.until("error")
        assert (frame["conversation_id"], frame["error"]["code"]) == (citizen.id, "not_yours")


async def test_console_renews_every_claim(start_desk: StartDesk) -> None:
    desk = await start_desk(lease_seconds=30)
    agent, other = await desk.agent(), await desk.agent("Jean P.")
    mine = [await desk.citizen() for _ in range(2)]
    foreign = await desk.citizen()
    for citizen in (*mine, foreign):
        await citizen.call("POST", "/handoff")
    for citizen in mine:
        await agent.claim(citizen)
    await other.claim(foreign)
    before = {item["conversation_id"]: item["lease_expires_at"] for item in (await agent.queue())["mine"]}
    theirs = (await other.queue())["mine"][0]["lease_expires_at"]
    async with agent.live() as console:
        await console.send(type="renew")
        frame = await console.until("renewed")
    assert frame["lease_seconds"] == 30
    assert set(frame["mine"]) == {citizen.id for citizen in mine}
    after = {item["conversation_id"]: item["lease_expires_at"] for item in (await agent.queue())["mine"]}
    assert all(after[conversation_id] > before[conversation_id] for conversation_id in before)
    assert (await other.queue())["mine"][0]["lease_expires_at"] == theirs


async def test_console_without_renewal_loses_the_conversation(start_desk: StartDesk) -> None:
    desk = await start_desk(lease_seconds=0.4)
    agent, citizen = await desk.agent(), await desk.citizen()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    async with agent.live() as console:
        frame = await console.until("queue", lambda frame: bool(frame["waiting"]))
        assert frame["mine"] == []
        await console.send(type="renew")
        assert (await console.until("renewed"))["mine"] == []


async def test_console_watching_is_audited(desk: Desk) -> None:
    agent, citizen = await desk.agent(), await desk.citizen()
    await citizen.call("POST", "/handoff")
    async with agent.live() as console:
        await console.send(type="watch", conversation_id=citizen.id, after=0)
        await console.until("events")
    async with desk.app[keys.READS]() as session:
        read = list(await session.scalars(select(AuditEntry.conversation_id).where(AuditEntry.action == "read")))
    assert read == [citizen.id]


CONSOLE_FRAMES = [
    ({"type": "watch", "conversation_id": 5}, "bad_request"),
    ({"type": "watch", "conversation_id": "0" * 32}, "not_found"),
    ({"type": "watch", "conversation_id": "a\x00"}, "not_found"),
    ({"type": "watch", "conversation_id": "0" * 32, "after": "x"}, "bad_request"),
    ({"type": "watch", "conversation_id": "0" * 32, "after": -1}, "bad_request"),
    ({"type": "watch", "conversation_id": "0" * 32, "after": 10**30}, "bad_request"),
    ({"type": "watch", "conversation_id": "0" * 32, "after": True}, "bad_request"),
    ({"type": "typing"}, "bad_request"),
    ({"type": "typing", "conversation_id": "0" * 32}, "not_owner"),
    ({"type": "typing", "conversation_id": "\x00"}, "not_found"),
    ({"type": "dance"}, "bad_request"),
    ({}, "bad_request"),
    ([], "bad_request"),
]


@BOTH_DATABASES
@pytest.mark.parametrize(("frame", "code"), CONSOLE_FRAMES)
async def test_console_error_frame(desk: Desk, frame: Any, code: str) -> None:
    agent = await desk.agent()
    async with agent.live() as console:
        await console.next()
        await console.socket.send_json(frame)
        assert (await console.until("error"))["error"]["code"] == code
        await console.send(type="renew")
        assert (await console.next())["type"] == "renewed"


async def test_console_of_a_closed_account_is_closed(desk: Desk) -> None:
    agent = await desk.agent()
    async with agent.live() as console:
        await console.next()
        await agents.disable_agent(desk.app[keys.SESSIONS], agent.email)
        await console.send(type="renew")
        assert (await console.until("error"))["error"]["code"] == "not_signed_in"
        assert await console.closed() == 4401


async def test_console_that_says_nothing_is_closed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_views, "IDLE_SECONDS", 0.2)
    agent = await desk.agent()
    async with agent.live() as console:
        await console.next()
        assert await console.closed() == 4408


async def test_notice_says_whether_an_agent_is_there(desk: Desk) -> None:
    agent, alone, accompanied = await desk.agent(), await desk.citizen(), await desk.citizen()
    await alone.call("POST", "/handoff")
    async with agent.live() as console:
        await console.next()
        await accompanied.call("POST", "/handoff")
    notices = [texts(by(await citizen.events(), "system"))[0] for citizen in (alone, accompanied)]
    assert "aucun agent n’est connecté" in notices[0]
    assert "Une personne est avant vous" in notices[1]


async def test_binary_frame_ends_a_console(desk: Desk) -> None:
    agent = await desk.agent()
    async with agent.live() as console:
        await console.next()
        await console.socket.send_bytes(b"x")
        assert (await console.socket.receive()).type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING)


async def test_closed_socket_leaves_nothing_behind(desk: Desk) -> None:
    citizen = await desk.citizen()
    async with citizen.live() as live:
        await live.next()
        assert desk.app[keys.HUB].sockets_of(citizen.id) == 1
    async with asyncio.timeout(5):
        while desk.app[keys.HUB].followers or desk.app[keys.SOCKETS]:
            await citizen.now()  # a round trip: the server's side of the close runs meanwhile
