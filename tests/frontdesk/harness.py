"""The front desk under test, and those who use it: over HTTP and WebSocket only, every answer checked against its schema."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import pytest
from aiohttp import ClientWebSocketResponse, CookieJar, WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel, ConfigDict
from standardwebhooks import Webhook

from frontdesk import agents, keys, openapi
from frontdesk.app import create_app
from frontdesk.schemas import Button, Card, ErrorOut, Link, Phone
from frontdesk.settings import Settings

BOTH_DATABASES = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

CHANNEL_TOKEN = "channel-token"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
PASSWORD = "un mot de passe long"
LIMIT = 10  # seconds that a test waits for what must happen; it happens in a fraction of that

Event = dict[str, Any]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _CitizenMessage(_Data):
    text: str
    client_id: str
    payload: str | None = None


class _Extras(_Data):
    text: str
    buttons: list[Button] = []
    links: list[Link] = []
    phones: list[Phone] = []
    cards: list[Card] = []


class _AssistantMessage(_Extras):
    reply_to: int
    intent: str | None = None
    understood: Literal[False] | None = None


class _AgentMessage(_Data):
    text: str
    agent_name: str
    client_id: str


class _SystemMessage(_Extras):
    kind: Literal["emergency", "assistant_unavailable", "notice", "numbers"]
    reply_to: int | None = None


class _Owner(_Data):
    owner: Literal["assistant", "queue", "agent"]
    agent_name: str | None = None
    reason: str


class _Place(_Data):
    place: int


class _Urgent(_Data):
    category: str


class _Closed(_Data):
    outcome: str


class _Submission(_Data):
    kind: Literal["appointment", "incident"]
    number: str
    version: int


# docs/api.md, "Events": what `data` holds for each type and author.
EVENT_DATA: dict[tuple[str, str], type[BaseModel]] = {
    ("message", "citizen"): _CitizenMessage,
    ("message", "assistant"): _AssistantMessage,
    ("message", "agent"): _AgentMessage,
    ("message", "system"): _SystemMessage,
    ("owner", "system"): _Owner,
    ("queue", "system"): _Place,
    ("urgent", "system"): _Urgent,
    ("closed", "system"): _Closed,
    ("submission", "system"): _Submission,
}


def check_events(events: list[Event], after: int) -> None:
    """Numbered without holes from the cursor on, times in UTC, each with the data of its type."""
    assert [event["seq"] for event in events] == list(range(after + 1, after + 1 + len(events)))
    for event in events:
        assert datetime.fromisoformat(event["at"]).tzinfo == UTC
        assert event["at"].endswith("Z")
        EVENT_DATA[event["type"], event["author"]].model_validate(event["data"])


class Answer(NamedTuple):
    """An HTTP answer that was checked already."""

    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> str:
        """The code of an error."""
        code: str = self.body["error"]["code"]
        return code


class Desk:
    """The real application on a real socket. `restart` is a new process on the same database."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.client: TestClient[web.Request, web.Application]

    async def start(self) -> None:
        app = create_app(self.settings)
        operations = [(method, re.sub(r"\{\w+\}", "[^/]+", path), found) for (method, path), found in openapi.operations(app).items()]
        self._operations = operations
        server = TestServer(app)
        await server.start_server(access_log=None, shutdown_timeout=1)
        self.client = TestClient(server, cookie_jar=CookieJar(unsafe=True))

    async def stop(self) -> None:
        await self.client.close()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    @property
    def app(self) -> web.Application:
        app = self.client.app
        assert app is not None
        return app

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        """One call; its answer must be one that the API's description names, in the shape that it names."""
        async with self.client.request(method, path, **options) as response:
            raw = await response.read()
            body = json.loads(raw) if raw else None
            self._check(method, path.partition("?")[0], response.status, body)
            return Answer(response.status, body, response.headers)

    def _check(self, method: str, path: str, status: int, body: Any) -> None:
        operation = next((found for known, pattern, found in self._operations if known == method and re.fullmatch(pattern, path)), None)
        if operation is not None and status in operation.answers:
            model = operation.answers[status]
            if model is None:
                assert body is None
            else:
                assert model.model_validate(body).model_dump() == body, f"{path}: not exactly a {model.__name__}"
            if body and "events" in body:
                check_events(body["events"], body["events"][0]["seq"] - 1 if body["events"] else 0)
            return
        assert ErrorOut.model_validate(body).model_dump() == body
        code = body["error"]["code"]
        assert openapi.ERRORS[code].status == status
        assert body["error"]["message"]
        if operation is not None and code != "method_not_allowed":
            assert code in operation.all_errors, f"{method} {path}: {code} is not described"

    async def citizen(self) -> Citizen:
        """A new conversation."""
        answer = await self.request("POST", "/api/v1/conversations", json={})
        assert answer.status == 201
        return Citizen(self, answer.body["conversation_id"], answer.body["token"])

    async def agent(self, name: str = "Marie D.") -> Agent:
        """A new account, signed in."""
        email = re.sub(r"\W+", ".", name.lower()).strip(".") + "@exemple.fr"
        await agents.add_agent(self.app[keys.SESSIONS], email=email, name=name, role="agent", password=PASSWORD)
        agent = Agent(self, email, name)
        await agent.sign_in()
        return agent

    async def webhook(
        self,
        body: Any,
        *,
        webhook_id: str,
        path: str = "handoff",
        secret: str = SECRET,
        at: float | None = None,
        **headers: str,
    ) -> Answer:
        """A signed webhook. `body` is JSON, or bytes as they are; `headers` replace what was computed."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        moment = time.time() if at is None else at
        signed = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(moment)),
            "webhook-signature": Webhook(secret).sign(webhook_id, datetime.fromtimestamp(int(moment), UTC), raw.decode()),
            "Content-Type": "application/json",
        }
        signed.update({name.replace("_", "-"): value for name, value in headers.items()})
        return await self.request("POST", f"/api/v1/webhooks/{path}", data=raw, headers=signed)


class Citizen:
    """One conversation as its citizen sees it."""

    def __init__(self, desk: Desk, conversation_id: str, token: str) -> None:
        self.desk = desk
        self.id = conversation_id
        self.token = token
        self.path = f"/api/v1/conversations/{conversation_id}"
        self.headers = {"Authorization": f"Bearer {token}"}
        self._said = 0

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        return await self.desk.request(method, self.path + path, headers=self.headers, **options)

    async def post(self, body: Any) -> Answer:
        return await self.call("POST", "/messages", json=body)

    async def say(self, text: str, *, payload: str | None = None, client_id: str | None = None) -> int:
        """A message that must be accepted; gives its number."""
        self._said += 1
        body = {"client_id": client_id or f"m{self._said}", "text": text}
        if payload is not None:
            body["payload"] = payload
        answer = await self.post(body)
        assert answer.status == 202, answer.body
        seq: int = answer.body["seq"]
        return seq

    async def events(self, after: int = 0) -> list[Event]:
        """Everything after a number, at this moment."""
        found: list[Event] = []
        while True:
            page = (await self.call("GET", f"/events?after={after}")).body["events"]
            if not page:
                return found
            check_events(page, after)
            found += page
            after = page[-1]["seq"]

    async def now(self) -> dict[str, Any]:
        now: dict[str, Any] = (await self.call("GET", f"/events?after={2**31 - 1}")).body["now"]
        return now

    async def until(self, true: Callable[[list[Event]], bool]) -> list[Event]:
        """Waits (long poll) until the events are as wanted, and gives them all."""
        events: list[Event] = []
        async with asyncio.timeout(LIMIT):
            while not (events and true(events)):
                page = (await self.call("GET", f"/events?after={len(events)}&wait=5")).body["events"]
                check_events(page, len(events))
                events += page
        return events

    async def answered(self, *seqs: int) -> list[Event]:
        """Waits until each of these messages has the assistant's answer, and gives all events."""
        return await self.until(lambda events: set(seqs) <= {event["data"]["reply_to"] for event in by(events, "assistant")})

    async def owned_by(self, owner: str) -> list[Event]:
        return await self.until(lambda events: owners(events)[-1:] == [owner])

    @asynccontextmanager
    async def live(self, after: int = 0) -> AsyncIterator[Live]:
        """The live socket, authenticated."""
        async with self.desk.client.ws_connect(self.path + "/live") as socket:
            await socket.send_json({"type": "auth", "token": self.token, "after": after})
            yield Live(socket)


class Agent:
    """One agent's browser."""

    def __init__(self, desk: Desk, email: str, name: str) -> None:
        self.desk = desk
        self.email = email
        self.name = name
        self.cookie = ""
        self.csrf = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"relais_agent={self.cookie}", "X-CSRF-Token": self.csrf}

    async def sign_in(self, password: str = PASSWORD) -> None:
        self.desk.client.session.cookie_jar.clear()
        answer = await self.desk.request("POST", "/api/v1/agent/session", json={"email": self.email, "password": password})
        assert answer.status == 200, answer.body
        found = re.match(r"relais_agent=([^;]+)", answer.headers["Set-Cookie"])
        assert found is not None
        self.cookie, self.csrf = found[1], answer.body["csrf_token"]
        self.desk.client.session.cookie_jar.clear()

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        return await self.desk.request(method, "/api/v1/agent" + path, **{"headers": self.headers} | options)

    async def queue(self) -> dict[str, Any]:
        answer = await self.call("GET", "/queue")
        assert answer.status == 200
        body: dict[str, Any] = answer.body
        return body

    async def claim(self, citizen: Citizen) -> Answer:
        return await self.call("POST", f"/conversations/{citizen.id}/claim")

    async def read(self, citizen: Citizen) -> Answer:
        return await self.call("GET", f"/conversations/{citizen.id}")

    async def say(self, citizen: Citizen, text: str, client_id: str = "a1") -> Answer:
        return await self.call("POST", f"/conversations/{citizen.id}/messages", json={"client_id": client_id, "text": text})

    async def close(self, citizen: Citizen, *, back: bool, outcome: str = "answered") -> Answer:
        body = {"outcome": outcome, "return_to_assistant": back}
        return await self.call("POST", f"/conversations/{citizen.id}/close", json=body)

    @asynccontextmanager
    async def live(self) -> AsyncIterator[Live]:
        async with self.desk.client.ws_connect("/api/v1/agent/live", headers=self.headers) as socket:
            yield Live(socket)


class Live:
    """A live socket; `until` skips what other frames come in between."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, **frame: Any) -> None:
        await self.socket.send_json(frame)

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(LIMIT):
            message = await self.socket.receive()
        assert message.type is WSMsgType.TEXT, (message, self.socket.close_code)
        frame: dict[str, Any] = json.loads(message.data)
        if frame["type"] == "events":
            check_events(frame["events"], frame["cursor"] - len(frame["events"]))
        if frame["type"] == "error":
            assert ErrorOut.model_validate({"error": frame["error"]}).model_dump() == {"error": frame["error"]}
        return frame

    async def until(self, type: str, true: Callable[[dict[str, Any]], bool] = lambda frame: True) -> dict[str, Any]:
        async with asyncio.timeout(LIMIT):
            while True:
                frame = await self.next()
                if frame["type"] == type and true(frame):
                    return frame

    async def closed(self) -> int | None:
        """Waits until the other side closes; the code."""
        async with asyncio.timeout(LIMIT):
            while (await self.socket.receive()).type is WSMsgType.TEXT:
                pass
        return self.socket.close_code


def by(events: list[Event], author: str, type: str = "message") -> list[Event]:
    return [event for event in events if event["author"] == author and event["type"] == type]


def owners(events: list[Event]) -> list[str]:
    return [event["data"]["owner"] for event in events if event["type"] == "owner"]


def texts(events: list[Event]) -> list[str]:
    return [event["data"]["text"] for event in events]


def handoff(citizen: Citizen, **data: Any) -> dict[str, Any]:
    """The body of a handoff webhook."""
    return {
        "type": "handoff.requested",
        "timestamp": "2026-11-23T10:00:00Z",
        "data": {"conversation_id": citizen.id, "reason": "asked", **data},
    }
