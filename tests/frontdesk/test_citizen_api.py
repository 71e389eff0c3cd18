"""The citizen's API over HTTP: `docs/api.md`, "Citizen"."""

import asyncio
import json
from typing import Any

import pytest
from conftest import StartDesk
from fake_assistant import FakeAssistant, says, waits
from harness import BOTH_DATABASES, Citizen, Desk, by, texts

from frontdesk import conversations

GREETING = "Bonjour, où porter plainte ?"


async def test_conversation_create(desk: Desk) -> None:
    first, second = await desk.citizen(), await desk.citizen()
    assert first.id != second.id
    assert first.token != second.token
    assert len(first.token) >= 40
    assert await first.events() == []
    assert await first.now() == {"owner": "assistant", "urgent": False, "queue": None, "typing": [], "agent_name": None}


async def test_message_is_stored_and_answered_once(desk: Desk) -> None:
    citizen = await desk.citizen()
    assert await citizen.say(GREETING, client_id="one") == 1
    events = await citizen.answered(1)
    assert [event["data"] for event in events] == [
        {"text": GREETING, "client_id": "one"},
        {"text": f"Réponse à : {GREETING}", "reply_to": 1, "intent": "faq/vol_simple"},
    ]


async def test_message_resent(desk: Desk) -> None:
    citizen = await desk.citizen()
    body = {"client_id": "one", "text": GREETING}
    first, again = await citizen.post(body), await citizen.post(body)
    assert (first.status, again.status) == (202, 200)
    assert first.body == again.body == {"seq": 1}
    await citizen.answered(1)
    assert (await citizen.post(body)).body == {"seq": 1}
    assert len(by(await citizen.events(), "citizen")) == 1


@BOTH_DATABASES
async def test_message_resent_at_the_same_moment(desk: Desk) -> None:
    citizen = await desk.citizen()
    answers = await asyncio.gather(*(citizen.post({"client_id": "one", "text": GREETING}) for _ in range(12)))
    assert sorted(answer.status for answer in answers) == [200] * 11 + [202]
    assert {answer.body["seq"] for answer in answers} == {1}
    events = await citizen.answered(1)
    assert len(events) == 2


@BOTH_DATABASES
async def test_messages_at_the_same_moment_are_numbered_without_holes(desk: Desk, assistant: FakeAssistant) -> None:
    citizen = await desk.citizen()
    seqs = await asyncio.gather(*(citizen.say(f"Question {number}", client_id=f"c{number}") for number in range(50)))
    assert len(set(seqs)) == 50
    events = await citizen.answered(*seqs)
    assert [event["seq"] for event in events] == list(range(1, 101))
    assert {event["data"]["client_id"] for event in by(events, "citizen")} == {f"c{number}" for number in range(50)}
    # Answered in the order in which they were numbered, each with its own answer.
    replies = [event["data"]["reply_to"] for event in by(events, "assistant")]
    assert replies == sorted(seqs)
    said = {event["seq"]: event["data"]["text"] for event in by(events, "citizen")}
    assert all(event["data"]["text"] == f"Réponse à : {said[event['data']['reply_to']]}" for event in by(events, "assistant"))
    assert len(assistant.asked) == 50


async def test_same_client_id_in_two_conversations(desk: Desk) -> None:
    first, second = await desk.citizen(), await desk.citizen()
    assert await first.say(GREETING, client_id="one") == 1
    assert await second.say(GREETING, client_id="one") == 1


@pytest.mark.parametrize("method_path", ["POST /messages", "GET /events", "POST /handoff", "DELETE /handoff", "POST /typing"])
async def test_every_call_needs_the_conversation_s_own_token(desk: Desk, method_path: str) -> None:
    method, path = method_path.split()
    citizen, other = await desk.citizen(), await desk.citizen()
    without = await desk.request(method, citizen.path + path)
    assert (without.status, without.code) == (401, "no_token")
    for header in ("Basic abc", "Bearer", "Bearer ", citizen.token):
        assert (await desk.request(method, citizen.path + path, headers={"Authorization": header})).code == "no_token"
    foreign = await desk.request(method, citizen.path + path, headers=other.headers)
    unknown = await desk.request(method, f"/api/v1/conversations/{'0' * 32}{path}", headers=citizen.headers)
    assert foreign.status == unknown.status == 404
    assert foreign.body == unknown.body  # what exists can't be told from what doesn't


@BOTH_DATABASES
@pytest.mark.parametrize("conversation_id", ["x", "%00", "a%00b", "é", "x" * 500, "%2e%2e"])
async def test_strange_conversation_id(desk: Desk, conversation_id: str) -> None:
    answer = await desk.request("GET", f"/api/v1/conversations/{conversation_id}/events", headers={"Authorization": "Bearer x"})
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("é" * 2000, "é" * 2000),
        ("  x\n", "x"),
        (" " + "😀" * 2000 + " ", "😀" * 2000),
        ("a\x00b", "ab"),
        ("a\ud800b", "ab"),
        ("/human", "/human"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
    ids=["2000", "trimmed", "2000 code points", "NUL", "lone surrogate", "looks like a payload", "markup"],
)
@BOTH_DATABASES
async def test_text_accepted(desk: Desk, text: str, stored: str) -> None:
    citizen = await desk.citizen()
    seq = await citizen.say(text)
    events = await citizen.answered(seq)
    assert events[0]["data"]["text"] == stored
    assert [event["type"] for event in events] == ["message", "message"]


@pytest.mark.parametrize(
    ("text", "code"), [("x" * 2001, "text_too_long"), ("", "text_empty"), (" \n\t ", "text_empty"), ("\x00", "text_empty")]
)
async def test_text_refused(desk: Desk, text: str, code: str) -> None:
    citizen = await desk.citizen()
    answer = await citizen.post({"client_id": "one", "text": text})
    assert (answer.status, answer.code) == (422, code)
    if code == "text_too_long":
        assert answer.body["error"]["details"] == {"limit": 2000, "length": 2001}
    assert await citizen.events() == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"client_id", "text"}),
        ([], {"body"}),
        ("bonjour", {"body"}),
        (7, {"body"}),
        ({"client_id": "a b", "text": "x"}, {"client_id"}),
        ({"client_id": "", "text": "x"}, {"client_id"}),
        ({"client_id": "x" * 65, "text": "x"}, {"client_id"}),
        ({"client_id": "one\n", "text": "x"}, {"client_id"}),
        ({"client_id": 1, "text": "x"}, {"client_id"}),
        ({"client_id": "one", "text": 5}, {"text"}),
        ({"client_id": "one", "text": ["x"]}, {"text"}),
        ({"client_id": "one", "text": "x", "payload": "human"}, {"payload"}),
        ({"client_id": "one", "text": "x", "payload": "/"}, {"payload"}),
        ({"client_id": "one", "text": "x", "payload": "/" + "x" * 200}, {"payload"}),
        ({"client_id": "one", "text": "x", "payload": 7}, {"payload"}),
    ],
)
async def test_message_fields_refused(desk: Desk, body: Any, fields: set[str]) -> None:
    citizen = await desk.citizen()
    answer = await citizen.post(body)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert answer.body["error"]["details"]["fields"].keys() == fields
    assert await citizen.events() == []


@pytest.mark.parametrize(
    "raw",
    [b"{", b"\xff\xfe", b'{"text": NaN}', b'{"text": 1e999}', b"[" * 60_000, b'"' + b"9" * 50],
    ids=["cut", "bytes", "NaN", "infinite", "deep", "open"],
)
async def test_body_is_not_json(desk: Desk, raw: bytes) -> None:
    citizen = await desk.citizen()
    answer = await citizen.call("POST", "/messages", data=raw)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert answer.body["error"]["details"] == {}


async def test_body_without_content(desk: Desk) -> None:
    citizen = await desk.citizen()
    answer = await citizen.call("POST", "/messages")
    assert answer.body["error"]["details"]["fields"].keys() == {"client_id", "text"}


async def test_body_too_large(desk: Desk) -> None:
    citizen = await desk.citizen()
    answer = await citizen.post({"client_id": "one", "text": "x" * 65_536})
    assert (answer.status, answer.code) == (413, "body_too_large")
    assert answer.body["error"]["details"] == {"limit": 65_536}


async def test_payload_goes_to_the_assistant_and_a_typed_slash_does_not(desk: Desk, assistant: FakeAssistant) -> None:
    citizen = await desk.citizen()
    await citizen.say("Porter plainte", payload="/faq/plainte_depot")
    events = await citizen.answered(await citizen.say("/faq/plainte_depot"))
    assert [(asked["text"], asked.get("payload")) for asked in assistant.asked] == [
        ("Porter plainte", "/faq/plainte_depot"),
        ("/faq/plainte_depot", None),
    ]
    assert events[0]["data"]["payload"] == "/faq/plainte_depot"


async def test_question_to_the_assistant_carries_ids_that_do_not_change(desk: Desk, assistant: FakeAssistant) -> None:
    citizen = await desk.citizen()
    await citizen.answered(await citizen.say(GREETING))
    assert assistant.asked == [{"conversation_id": citizen.id, "message_id": f"{citizen.id}-1", "text": GREETING, "locale": "fr"}]


async def test_answer_of_several_messages_is_one_event(desk: Desk, assistant: FakeAssistant) -> None:
    button = {"title": "Parler à une personne", "payload": "/human"}
    link = {"title": "Perceval", "url": "https://www.service-public.gouv.fr/"}
    phone = {"label": "Opposition", "number": "0 892 705 705", "href": "tel:0892705705", "note": "payant"}
    assistant.script["x"] = [
        says(
            {"text": "Un.", "buttons": [button], "links": [link]}, {"text": "Deux.", "buttons": [button], "phones": [phone], "cards": None}
        )
    ]
    citizen = await desk.citizen()
    events = await citizen.answered(await citizen.say("x"))
    assert len(events) == 2
    assert events[1]["data"] == {
        "text": "Un.\n\nDeux.",
        "reply_to": 1,
        "intent": "faq/vol_simple",
        "buttons": [button],
        "links": [link],
        "phones": [phone],
    }


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=1.5", "after=99999999999", "wait=26", "wait=-1", "wait=²", "after="])
async def test_events_query_refused(desk: Desk, query: str) -> None:
    citizen = await desk.citizen()
    answer = await citizen.call("GET", f"/events?{query}")
    assert (answer.status, answer.code) == (400, "bad_request")
    assert answer.body["error"]["details"]["fields"].keys() == {query.partition("=")[0]}


async def test_long_poll_answers_at_once_when_there_is_something(desk: Desk) -> None:
    citizen = await desk.citizen()
    await citizen.answered(await citizen.say(GREETING))
    async with asyncio.timeout(5):  # well below the 25 s that it may wait
        answer = await citizen.call("GET", "/events?after=1&wait=25")
    assert [event["seq"] for event in answer.body["events"]] == [2]
    assert answer.body["cursor"] == 2


async def test_long_poll_waits_for_news(desk: Desk) -> None:
    citizen = await desk.citizen()
    poll = asyncio.create_task(citizen.call("GET", "/events?wait=25"))
    async with asyncio.timeout(5):
        while not await follows(citizen):  # the poll has arrived and waits
            assert not poll.done()
        await citizen.say(GREETING)
        answer = await poll
    assert answer.body["events"][0]["data"]["text"] == GREETING


async def follows(citizen: Citizen) -> bool:
    async with citizen.desk.client.get("/metrics") as response:
        return "relais_live_followers 1.0" in await response.text()


async def test_long_poll_gives_up_with_the_same_cursor(desk: Desk) -> None:
    citizen = await desk.citizen()
    loop = asyncio.get_running_loop()
    started = loop.time()
    answer = await citizen.call("GET", "/events?after=0&wait=1")
    assert loop.time() - started >= 0.95
    assert answer.body["events"] == []
    assert answer.body["cursor"] == 0


async def test_events_come_in_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "EVENTS_PER_READ", 10)
    citizen = await desk.citizen()
    await citizen.call("POST", "/handoff")
    await asyncio.gather(*(citizen.say("x", client_id=f"c{number}") for number in range(20)))
    first = (await citizen.call("GET", "/events")).body
    assert (len(first["events"]), first["cursor"]) == (10, 10)
    assert len(await citizen.events()) == 20 + 3  # owner, queue, notice


async def test_too_many_messages(start_desk: StartDesk) -> None:
    desk = await start_desk(messages_per_minute=3)
    citizen, other = await desk.citizen(), await desk.citizen()
    for _ in range(3):
        await citizen.say("x")
    answer = await citizen.post({"client_id": "more", "text": "x"})
    assert (answer.status, answer.code) == (429, "rate_limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.body["error"]["details"] == {"retry_after": int(answer.headers["Retry-After"])}
    await other.say("x")  # a limit of one conversation, not of all


async def test_too_many_conversations(start_desk: StartDesk) -> None:
    desk = await start_desk(conversations_per_minute=2)
    await desk.citizen()
    await desk.citizen()
    answer = await desk.request("POST", "/api/v1/conversations", json={})
    assert (answer.status, answer.code) == (429, "rate_limited")
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(("trust", "status"), [(True, 201), (False, 429)])
async def test_forwarded_address_counts_only_behind_a_proxy(start_desk: StartDesk, trust: bool, status: int) -> None:
    desk = await start_desk(conversations_per_minute=1, trust_forwarded=trust)
    statuses = [
        (await desk.request("POST", "/api/v1/conversations", json={}, headers={"X-Forwarded-For": f"10.0.0.1, {address}"})).status
        for address in ("192.0.2.1", "192.0.2.2")
    ]
    assert statuses == [201, status]


async def test_typing_is_shown_until_the_message_is_sent(desk: Desk) -> None:
    citizen = await desk.citizen()
    await citizen.call("POST", "/handoff")  # else the assistant's typing would be in between
    assert (await citizen.call("POST", "/typing")).status == 204
    assert (await citizen.now())["typing"] == ["citizen"]
    await citizen.say("x")
    assert (await citizen.now())["typing"] == []


async def test_assistant_types_while_it_owes_an_answer(desk: Desk, assistant: FakeAssistant) -> None:
    go = asyncio.Event()
    assistant.script[GREETING] = [waits(go)]
    citizen = await desk.citizen()
    seq = await citizen.say(GREETING)
    assert (await citizen.now())["typing"] == ["assistant"]
    go.set()
    await citizen.answered(seq)
    assert (await citizen.now())["typing"] == []


async def test_unknown_address_and_method(desk: Desk) -> None:
    unknown = await desk.request("GET", "/api/v1/nothing")
    assert (unknown.status, unknown.code) == (404, "not_found")
    wrong = await desk.request("PUT", "/api/v1/conversations")
    assert (wrong.status, wrong.code) == (405, "method_not_allowed")
    assert wrong.headers["Allow"] == "POST"


async def test_leave_the_queue(desk: Desk, assistant: FakeAssistant) -> None:
    citizen = await desk.citizen()
    await citizen.call("POST", "/handoff")
    await citizen.say("Vous êtes là ?")
    answer = await citizen.call("DELETE", "/handoff")
    assert (answer.status, answer.body) == (200, {"owner": "assistant"})
    await citizen.answered(await citizen.say(GREETING))
    # What was said meanwhile was told to the assistant before it was asked again.
    assert [told["turns"] for told in assistant.told] == [[{"author": "citizen", "text": "Vous êtes là ?"}]]
    assert [asked["text"] for asked in assistant.asked] == [GREETING]
    assert (await citizen.call("DELETE", "/handoff")).body == {"owner": "assistant"}  # nothing to leave: fine


async def test_leave_the_queue_when_an_agent_has_it(desk: Desk) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    answer = await citizen.call("DELETE", "/handoff")
    assert (answer.status, answer.code) == (409, "not_waiting")
    assert (await citizen.now())["owner"] == "agent"


async def test_buttons_of_the_front_desk(desk: Desk, assistant: FakeAssistant) -> None:
    await assistant.stop()  # neither needs Rasa
    citizen = await desk.citizen()
    await citizen.say("Parler à une personne", payload="/human")
    events = await citizen.owned_by("queue")
    assert texts(by(events, "system"))
    await citizen.say("Revenir à l’assistant", payload="/assistant")
    await citizen.owned_by("assistant")


async def test_ask_for_a_person_is_idempotent(desk: Desk) -> None:
    citizen = await desk.citizen()
    answers = [await citizen.call("POST", "/handoff") for _ in range(3)]
    assert [(answer.status, answer.body) for answer in answers] == [(202, {"owner": "queue"})] * 3
    events = await citizen.events()
    assert [event["type"] for event in events] == ["owner", "queue", "message"]
    assert (await citizen.now())["queue"] == {"place": 1, "waiting": 1}


async def test_json_is_utf8_without_escapes_lost(desk: Desk) -> None:
    citizen = await desk.citizen()
    raw = json.dumps({"client_id": "one", "text": "Émilie à l’œuvre 😀"}, ensure_ascii=True)
    await citizen.call("POST", "/messages", data=raw.encode())
    assert (await citizen.events())[0]["data"]["text"] == "Émilie à l’œuvre 😀"
