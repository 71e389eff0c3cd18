"""The agents' API over HTTP: `docs/api.md`, "Agent"."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from conftest import StartDesk
from harness import BOTH_DATABASES, LIMIT, PASSWORD, Agent, Answer, Citizen, Desk, by, handoff, owners, texts
from sqlalchemy import select, update

from frontdesk import agents, keys, security
from frontdesk.errors import AgentExists, BadRequest, NoSuchAgent, WeakPassword
from frontdesk.models import AgentSession, AuditEntry, SignInFailure, now

WRITES = ["claim", "messages", "typing", "lease", "release", "close"]
BODIES: dict[str, Any] = {
    "messages": {"client_id": "a1", "text": "Bonjour"},
    "close": {"outcome": "answered", "return_to_assistant": False},
}


@pytest.fixture
async def agent(desk: Desk) -> Agent:
    return await desk.agent()


@pytest.fixture
async def waiting(desk: Desk) -> Citizen:
    citizen = await desk.citizen()
    await citizen.call("POST", "/handoff")
    return citizen


async def write(agent: Agent, citizen_id: str, action: str, **options: Any) -> Answer:
    return await agent.call("POST", f"/conversations/{citizen_id}/{action}", json=BODIES.get(action, {}), **options)


async def sign_in(desk: Desk, email: str, password: str, **headers: str) -> Answer:
    return await desk.request("POST", "/api/v1/agent/session", json={"email": email, "password": password}, headers=headers)


async def audit(desk: Desk) -> list[tuple[str, str | None]]:
    async with desk.app[keys.READS]() as session:
        return [(entry.action, entry.conversation_id) for entry in await session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


# --- session -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secure", [False, True])
async def test_sign_in_cookie(start_desk: StartDesk, secure: bool) -> None:
    desk = await start_desk(secure_cookies=secure)
    await agents.add_agent(desk.app[keys.SESSIONS], email="Marie@Exemple.fr ", name=" Marie ", role="supervisor", password=PASSWORD)
    answer = await sign_in(desk, " MARIE@exemple.fr", PASSWORD)
    assert answer.status == 200
    assert answer.body["agent"] == {"id": "1", "name": "Marie", "email": "marie@exemple.fr", "role": "supervisor"}
    name, *flags = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("relais_agent=")
    assert set(flags) == {"HttpOnly", "Max-Age=43200", "Path=/api/v1/agent", "SameSite=Strict"} | ({"Secure"} if secure else set())


async def test_session_read_and_end(agent: Agent) -> None:
    answer = await agent.call("GET", "/session")
    assert answer.body == {
        "agent": {"id": "1", "name": "Marie D.", "email": "marie.d@exemple.fr", "role": "agent"},
        "csrf_token": agent.csrf,
    }
    assert (await agent.call("DELETE", "/session")).status == 204
    assert (await agent.call("GET", "/session")).code == "not_signed_in"
    assert (await agent.call("GET", "/queue")).code == "not_signed_in"


async def test_session_ends_after_twelve_hours(desk: Desk, agent: Agent) -> None:
    async with desk.app[keys.SESSIONS].begin() as session:
        left = (await session.scalars(select(AgentSession.expires_at))).one() - now()
        assert timedelta(hours=11, minutes=59) < left <= timedelta(hours=12)
        await session.execute(update(AgentSession).values(expires_at=now() - timedelta(seconds=1)))
    assert (await agent.call("GET", "/queue")).code == "not_signed_in"


async def test_password_hash_is_argon2id(desk: Desk, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the real parameters
    hashed = await security.hash_password(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await security.check_password(hashed, PASSWORD)
    assert not await security.check_password(hashed, PASSWORD + "x")
    assert not await security.check_password(None, PASSWORD)


async def test_bad_credentials_do_not_tell_whether_the_address_exists(desk: Desk, agent: Agent) -> None:
    wrong, unknown = await sign_in(desk, agent.email, "faux"), await sign_in(desk, "nobody@exemple.fr", "faux")
    assert wrong.status == unknown.status == 401
    assert wrong.code == "bad_credentials"
    assert wrong.body == unknown.body


@pytest.mark.parametrize("email", ["marie.d@exemple.fr", "nobody@exemple.fr"])
async def test_lock_out_after_five_failures(desk: Desk, agent: Agent, email: str) -> None:
    codes = [(await sign_in(desk, email, "faux")).code for _ in range(6)]
    assert codes == ["bad_credentials"] * 5 + ["locked_out"]
    answer = await sign_in(desk, email, PASSWORD)  # the right one doesn't help either
    assert (answer.status, answer.code) == (429, "locked_out")
    assert 880 <= int(answer.headers["Retry-After"]) <= 901
    async with desk.app[keys.SESSIONS].begin() as session:  # 15 minutes later
        await session.execute(update(SignInFailure).values(locked_until=now() - timedelta(seconds=1)))
    later = await sign_in(desk, email, PASSWORD)
    assert later.status == (200 if email == agent.email else 401)


@BOTH_DATABASES
async def test_lock_out_holds_when_many_try_at_once(desk: Desk) -> None:
    await desk.agent()
    answers = await asyncio.gather(*(sign_in(desk, "marie.d@exemple.fr", f"faux {number}") for number in range(15)))
    codes = sorted(answer.code for answer in answers)
    assert codes == ["bad_credentials"] * 5 + ["locked_out"] * 10


async def test_success_forgets_failures(desk: Desk, agent: Agent) -> None:
    for _ in range(2):
        for _ in range(4):
            await sign_in(desk, agent.email, "faux")
        await agent.sign_in()


async def test_disabled_account(desk: Desk, agent: Agent) -> None:
    await agents.disable_agent(desk.app[keys.SESSIONS], agent.email)
    assert (await agent.call("GET", "/queue")).code == "not_signed_in"
    assert (await sign_in(desk, agent.email, PASSWORD)).code == "bad_credentials"
    with pytest.raises(NoSuchAgent):
        await agents.disable_agent(desk.app[keys.SESSIONS], agent.email)


@BOTH_DATABASES
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "a@b.fr"},
        {"email": "a@b.fr", "password": ""},
        {"email": "a\x00@b.fr", "password": "x"},
        {"email": 5, "password": "\ud800"},
    ],
)
async def test_sign_in_malformed(desk: Desk, body: Any) -> None:
    answer = await desk.request("POST", "/api/v1/agent/session", json=body)
    assert (answer.status, answer.code) == (400, "bad_request")


async def test_sign_in_from_another_site(desk: Desk) -> None:
    answer = await sign_in(desk, "marie.d@exemple.fr", PASSWORD, Origin="https://ailleurs.example")
    assert (answer.status, answer.code) == (403, "bad_origin")


@pytest.mark.parametrize(
    ("account", "error"),
    [
        ({"email": "marie.d@exemple.fr"}, AgentExists),
        ({"email": "pas une adresse"}, BadRequest),
        ({"role": "chef"}, BadRequest),
        ({"name": " "}, BadRequest),
        ({"password": "onze signes"}, WeakPassword),
    ],
)
async def test_account_refused(desk: Desk, agent: Agent, account: dict[str, str], error: type[Exception]) -> None:
    good = {"email": "autre@exemple.fr", "name": "Autre", "role": "agent", "password": PASSWORD}
    with pytest.raises(error):
        await agents.add_agent(desk.app[keys.SESSIONS], **good | account)
    assert [known.email for known in await agents.list_agents(desk.app[keys.READS])] == [agent.email]


@pytest.mark.parametrize("action", WRITES)
async def test_write_needs_session_csrf_token_and_origin(desk: Desk, agent: Agent, waiting: Citizen, action: str) -> None:
    cookie = {"Cookie": f"relais_agent={agent.cookie}"}
    other = await desk.agent("Jean P.")
    before = await waiting.events()
    refused = [
        (await write(agent, waiting.id, action, headers={}), "not_signed_in"),
        (await write(agent, waiting.id, action, headers={"Cookie": "relais_agent=faux", "X-CSRF-Token": agent.csrf}), "not_signed_in"),
        (await write(agent, waiting.id, action, headers=cookie), "bad_csrf_token"),
        (await write(agent, waiting.id, action, headers={**cookie, "X-CSRF-Token": other.csrf}), "bad_csrf_token"),
        (await write(agent, waiting.id, action, headers={**agent.headers, "Origin": "https://ailleurs.example"}), "bad_origin"),
        (await write(agent, waiting.id, action, headers={**agent.headers, "Origin": "null"}), "bad_origin"),
        (await write(agent, waiting.id, action, headers={**agent.headers, "Sec-Fetch-Site": "cross-site"}), "bad_origin"),
    ]
    assert [answer.code for answer, _ in refused] == [code for _, code in refused]
    assert await waiting.events() == before


async def test_write_from_an_allowed_origin(start_desk: StartDesk) -> None:
    desk = await start_desk(allowed_origins="https://console.example/ https://autre.example")
    agent, citizen = await desk.agent(), await desk.citizen()
    await citizen.call("POST", "/handoff")
    for origin in ("https://console.example", f"http://{desk.client.host}:{desk.client.port}"):
        assert (await write(agent, citizen.id, "claim", headers={**agent.headers, "Origin": origin})).status == 200


# --- queue -------------------------------------------------------------------------------------------------------


@BOTH_DATABASES
async def test_queue_order(desk: Desk) -> None:
    """Who was given back first, then urgent, high, normal; within one, by arrival."""
    agent = await desk.agent()
    citizens = {name: await desk.citizen() for name in ("returned", "n1", "h1", "u1", "n2", "h2", "u2", "returned2")}
    for name, priority in (("n1", "normal"), ("h1", "high"), ("u1", "urgent"), ("n2", "normal"), ("h2", "high"), ("u2", "urgent")):
        await desk.webhook(handoff(citizens[name], priority=priority), webhook_id=name)
    for name in ("returned", "returned2"):
        await citizens[name].call("POST", "/handoff")
        await agent.claim(citizens[name])
        assert (await write(agent, citizens[name].id, "release")).body == {"owner": "queue"}
    names = {citizen.id: name for name, citizen in citizens.items()}
    order = [names[item["conversation_id"]] for item in (await agent.queue())["waiting"]]
    assert order == ["returned", "returned2", "u1", "u2", "h1", "h2", "n1", "n2"]
    # Each citizen is told the same place.
    for place, name in enumerate(order, start=1):
        assert (await citizens[name].now())["queue"] == {"place": place, "waiting": 8}


async def test_queue_item(desk: Desk, agent: Agent, waiting: Citizen) -> None:
    await waiting.say("Il y a du bruit chez mon voisin")
    (item,) = (await agent.queue())["waiting"]
    assert item["conversation_id"] == waiting.id
    assert (item["status"], item["reason"], item["priority"], item["language"]) == ("waiting", "asked", "normal", "fr")
    assert (item["urgent"], item["agent_name"], item["unread"], item["lease_expires_at"]) == (False, None, 1, None)
    await agent.claim(waiting)
    await agent.say(waiting, "Bonjour")
    (item,) = (await agent.queue())["mine"]
    assert (item["status"], item["agent_name"], item["unread"]) == ("claimed", agent.name, 0)
    assert item["lease_expires_at"] is not None
    assert (await agent.queue())["waiting"] == []


async def test_summary_is_the_citizen_s_last_words(desk: Desk, agent: Agent) -> None:
    citizen = await desk.citizen()
    for text in ("un", "deux", "trois " * 40, "quatre"):
        await citizen.answered(await citizen.say(text))
    await citizen.say("Parler à une personne", payload="/human")
    (item,) = (await agent.queue())["waiting"]
    parts = item["summary"].split(" / ")
    assert parts[0] == "deux"
    assert parts[1].endswith("…")
    assert len(parts[1]) <= 160
    assert parts[2] == "quatre"


# --- a conversation ----------------------------------------------------------------------------------------------


async def test_claim(desk: Desk, agent: Agent, waiting: Citizen) -> None:
    other = await desk.agent("Jean P.")
    answer = await agent.claim(waiting)
    assert answer.status == 200
    assert (answer.body["handoff"]["status"], answer.body["handoff"]["agent_name"]) == ("claimed", agent.name)
    late = await other.claim(waiting)
    assert (late.status, late.code, late.body["error"]["details"]) == (409, "already_claimed", {"agent_name": agent.name})
    assert (await agent.claim(waiting)).status == 200  # one's own again
    events = await waiting.events()
    assert [event["data"] for event in events if event["type"] == "owner"][1:] == [
        {"owner": "agent", "agent_name": agent.name, "reason": "claimed"}
    ]
    now = await waiting.now()
    assert (now["owner"], now["agent_name"], now["queue"]) == ("agent", agent.name, None)


@BOTH_DATABASES
@pytest.mark.parametrize("action", WRITES)
@pytest.mark.parametrize("conversation_id", ["0" * 32, "%00"])
async def test_write_to_an_unknown_conversation(desk: Desk, action: str, conversation_id: str) -> None:
    agent = await desk.agent()
    answer = await write(agent, conversation_id, action)
    expected = (409, "not_owner") if action in ("typing", "lease") and conversation_id != "%00" else (404, "not_found")
    assert (answer.status, answer.code) == expected


async def test_claim_of_a_conversation_that_does_not_wait(desk: Desk, agent: Agent) -> None:
    answer = await agent.claim(await desk.citizen())
    assert (answer.status, answer.code) == (409, "not_queued")


@pytest.mark.parametrize("action", ["messages", "typing", "lease", "release", "close"])
async def test_write_without_the_claim(desk: Desk, agent: Agent, waiting: Citizen, action: str) -> None:
    other = await desk.agent("Jean P.")
    assert (await write(agent, waiting.id, action)).code == "not_owner"  # waits
    await other.claim(waiting)
    before = await waiting.events()
    assert (await write(agent, waiting.id, action)).code == "not_owner"  # somebody else's
    await other.close(waiting, back=False)
    assert (await write(agent, waiting.id, action)).code == "not_owner"  # closed
    assert by(await waiting.events(), "agent") == by(before, "agent") == []


async def test_agent_message(desk: Desk, agent: Agent, waiting: Citizen) -> None:
    await agent.claim(waiting)
    first, again = await agent.say(waiting, "Bonjour", "a1"), await agent.say(waiting, "Bonjour", "a1")
    assert (first.status, again.status) == (202, 200)
    assert first.body == again.body
    assert [event["data"] for event in by(await waiting.events(), "agent")] == [
        {"text": "Bonjour", "agent_name": agent.name, "client_id": "a1"}
    ]


@BOTH_DATABASES
async def test_agent_message_ids_of_full_length_stay_apart(desk: Desk) -> None:
    agent, citizen = await desk.agent(), await desk.citizen()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    answers = [await agent.say(citizen, f"Message {end}", "x" * 63 + end) for end in "ab"]
    assert [answer.status for answer in answers] == [202, 202]
    assert texts(by(await citizen.events(), "agent")) == ["Message a", "Message b"]


async def test_two_agents_may_choose_the_same_message_id(desk: Desk, agent: Agent, waiting: Citizen) -> None:
    other = await desk.agent("Jean P.")
    await agent.claim(waiting)
    await agent.say(waiting, "Un", "a1")
    await write(agent, waiting.id, "release")
    await other.claim(waiting)
    assert (await other.say(waiting, "Deux", "a1")).status == 202
    assert texts(by(await waiting.events(), "agent")) == ["Un", "Deux"]


@pytest.mark.parametrize(("text", "code"), [("x" * 2001, "text_too_long"), ("", "text_empty")])
async def test_agent_message_refused(agent: Agent, waiting: Citizen, text: str, code: str) -> None:
    await agent.claim(waiting)
    answer = await agent.say(waiting, text)
    assert (answer.status, answer.code) == (422, code)


async def test_agent_types(agent: Agent, waiting: Citizen) -> None:
    await agent.claim(waiting)
    assert (await write(agent, waiting.id, "typing")).status == 204
    assert (await waiting.now())["typing"] == ["agent"]
    await agent.say(waiting, "Bonjour")
    assert (await waiting.now())["typing"] == []


@pytest.mark.parametrize("back", [True, False])
async def test_close(desk: Desk, agent: Agent, waiting: Citizen, back: bool) -> None:
    await agent.claim(waiting)
    answer = await agent.close(waiting, back=back, outcome="redirected")
    assert (answer.status, answer.body) == (200, {"owner": "assistant"})
    events = await waiting.events()
    closing = [event["data"] for event in events if event["type"] == "owner"][-1]
    assert closing == {"owner": "assistant", "agent_name": agent.name, "reason": "returned" if back else "closed"}
    assert [event["data"] for event in events if event["type"] == "closed"] == ([] if back else [{"outcome": "redirected"}])
    assert (await agent.queue()) == {"waiting": [], "mine": []}
    await waiting.call("POST", "/handoff")  # and it can be asked for again
    assert (await agent.claim(waiting)).status == 200


@BOTH_DATABASES
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"outcome": "fini"},
        {"outcome": "answered", "return_to_assistant": "peut-être"},
        {"outcome": "answered", "note": "x" * 2001},
        {"outcome": "answered", "note": "a\x00"},
    ],
)
async def test_close_refused(desk: Desk, body: dict[str, Any]) -> None:
    agent, citizen = await desk.agent(), await desk.citizen()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    answer = await agent.call("POST", f"/conversations/{citizen.id}/close", json=body)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert (await citizen.now())["owner"] == "agent"


async def test_release_goes_to_the_head_of_the_queue(desk: Desk, agent: Agent, waiting: Citizen) -> None:
    await agent.claim(waiting)
    urgent = await desk.citizen()
    await urgent.say("Au secours, on me frappe")
    assert (await write(agent, waiting.id, "release")).status == 200
    assert [item["conversation_id"] for item in (await agent.queue())["waiting"]] == [waiting.id, urgent.id]
    assert owners(await waiting.events()) == ["queue", "agent", "queue"]


async def test_transcript_of_who_waits_and_of_one_s_own(desk: Desk, agent: Agent, waiting: Citizen) -> None:
    await waiting.say("Bonjour")
    other = await desk.agent("Jean P.")
    answer = await agent.read(waiting)
    assert answer.status == 200
    assert answer.body["events"] == await waiting.events()
    assert answer.body["cursor"] == len(answer.body["events"])
    assert answer.body["conversation"]["id"] == waiting.id
    assert answer.body["handoff"]["status"] == "waiting"
    assert [event["seq"] for event in (await agent.call("GET", f"/conversations/{waiting.id}?after=3")).body["events"]] == [4]
    await agent.claim(waiting)
    assert (await agent.read(waiting)).status == 200
    refused = await other.read(waiting)
    assert (refused.status, refused.code) == (403, "not_yours")
    await agent.close(waiting, back=True)
    assert (await agent.read(waiting)).code == "not_yours"
    assert (await agent.call("GET", f"/conversations/{'0' * 32}")).code == "not_found"
    assert (await agent.call("GET", f"/conversations/{waiting.id}?after=x")).code == "bad_request"


async def test_audit_has_every_read_and_decision(desk: Desk, agent: Agent, waiting: Citizen) -> None:
    await agent.read(waiting)
    await agent.claim(waiting)
    await agent.read(waiting)
    await agent.say(waiting, "Bonjour")
    await write(agent, waiting.id, "release")
    await agent.claim(waiting)
    await agent.close(waiting, back=False)
    await agent.read(waiting)  # refused, so nothing was read
    assert await audit(desk) == [("sign_in", None)] + [
        (action, waiting.id) for action in ("read", "claim", "read", "release", "claim", "close")
    ]


# --- lease -------------------------------------------------------------------------------------------------------


@BOTH_DATABASES
async def test_lease_expires_and_the_conversation_goes_to_the_head(start_desk: StartDesk) -> None:
    desk = await start_desk(lease_seconds=0.5)
    agent, citizen = await desk.agent(), await desk.citizen()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    urgent = await desk.citizen()
    await urgent.say("Au secours, on me frappe")
    events = await citizen.owned_by("queue")
    assert [event["data"].get("reason") for event in events if event["type"] == "owner"] == ["asked", "claimed", "agent_lost"]
    assert [item["conversation_id"] for item in (await agent.queue())["waiting"]] == [citizen.id, urgent.id]
    assert (await agent.say(citizen, "Trop tard")).code == "not_owner"
    assert ("lease_expired", citizen.id) in await audit(desk)


async def test_lease_is_renewed(start_desk: StartDesk) -> None:
    desk = await start_desk(lease_seconds=0.6)
    agent, lost = await desk.agent(), await desk.agent("Jean P.")
    kept, left = await desk.citizen(), await desk.citizen()
    for citizen, who in ((kept, agent), (left, lost)):
        await citizen.call("POST", "/handoff")
        await who.claim(citizen)
    expired = asyncio.create_task(left.owned_by("queue"))
    async with asyncio.timeout(LIMIT):
        while not expired.done():
            answer = await write(agent, kept.id, "lease")
            assert answer.status == 200
            assert answer.body["lease_expires_at"].endswith("Z")
            await asyncio.wait({expired}, timeout=0.1)
    assert (await kept.now())["owner"] == "agent"  # claimed before the one that was lost


async def test_restart_gives_claims_a_whole_lease(start_desk: StartDesk) -> None:
    desk = await start_desk(lease_seconds=30)
    agent, citizen = await desk.agent(), await desk.citizen()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    before = (await agent.queue())["mine"][0]["lease_expires_at"]
    await desk.restart()
    assert (await agent.queue())["mine"][0]["lease_expires_at"] > before
