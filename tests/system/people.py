"""Citizens and agents as programs: they use the HTTP API as the pages do, and send again what was not acknowledged."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import aiohttp
from product import AGENT_EMAIL, AGENT_PASSWORD, Product

Event = dict[str, Any]
LIMIT = 45.0  # seconds that anything here may take, a restart of Rasa included
LOST = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError, TimeoutError)


class Citizen:
    """One conversation."""

    def __init__(self, http: aiohttp.ClientSession, product: Product, conversation_id: str, token: str) -> None:
        self.id = conversation_id
        self.token = token
        self.said: dict[str, int] = {}  # client_id -> the number that was acknowledged
        self._http = http
        self._url = f"{product.base}/api/v1/conversations/{conversation_id}"
        self._headers = {"Authorization": f"Bearer {token}"}

    @classmethod
    async def new(cls, http: aiohttp.ClientSession, product: Product) -> Citizen:
        async with http.post(f"{product.base}/api/v1/conversations", json={}) as answer:
            assert answer.status == 201, await answer.text()
            opened = await answer.json()
        return cls(http, product, opened["conversation_id"], opened["token"])

    async def say(self, text: str, *, payload: str | None = None, client_id: str | None = None) -> int:
        """Sends until the front desk acknowledges, and gives the message's number."""
        client_id = client_id or secrets.token_hex(8)
        body = {"client_id": client_id, "text": text} | ({"payload": payload} if payload else {})
        async with asyncio.timeout(LIMIT):
            while True:
                try:
                    async with self._http.post(f"{self._url}/messages", json=body, headers=self._headers) as answer:
                        assert answer.status in (200, 202), await answer.text()
                        seq = (await answer.json())["seq"]
                        break
                except LOST:
                    await asyncio.sleep(0.05)  # between two tries; the acknowledgement is the condition
        assert self.said.setdefault(client_id, seq) == seq, "the same message got two numbers"
        return int(seq)

    async def read(self, after: int = 0, wait: float = 0) -> dict[str, Any]:
        """`{events, cursor, now}`, asked again while the front desk is away."""
        async with asyncio.timeout(LIMIT):
            while True:
                try:
                    address = f"{self._url}/events?after={after}&wait={wait}"
                    async with self._http.get(address, headers=self._headers) as answer:
                        assert answer.status == 200, await answer.text()
                        read: dict[str, Any] = await answer.json()
                        return read
                except LOST:
                    await asyncio.sleep(0.05)  # between two tries

    async def events(self, after: int = 0) -> list[Event]:
        """Everything after a cursor."""
        found: list[Event] = []
        while events := (await self.read(found[-1]["seq"] if found else after))["events"]:
            found += events
        return found

    async def until(self, condition: Callable[[list[Event]], Any], after: int = 0) -> list[Event]:
        """The events after a cursor, as soon as they fulfil the condition."""
        found: list[Event] = []
        try:
            async with asyncio.timeout(LIMIT):
                while not condition(found):
                    found += (await self.read(found[-1]["seq"] if found else after, wait=2))["events"]
        except TimeoutError:
            raise AssertionError(f"not seen in {LIMIT:.0f} s; there are {[short(event) for event in found]}") from None
        return found

    async def until_now(self, condition: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """What is true now, as soon as it fulfils the condition."""
        async with asyncio.timeout(LIMIT):
            while True:
                now: dict[str, Any] = (await self.read(10**9))["now"]
                if condition(now):
                    return now
                await asyncio.sleep(0.05)  # between two looks

    async def answered(self, seq: int) -> Event:
        """The assistant's answer to one message."""
        events = await self.until(lambda found: answers(found, seq))
        return answers(events, seq)[0]

    async def handoff(self, method: str = "POST") -> str:
        """Asks for a person (or, with DELETE, leaves the queue) without the assistant; gives the owner."""
        async with self._http.request(method, f"{self._url}/handoff", json={}, headers=self._headers) as answer:
            assert answer.status in (200, 202), await answer.text()
            return str((await answer.json())["owner"])


class Agent:
    """An agent who is signed in. Lives as long as its session."""

    def __init__(self, http: aiohttp.ClientSession, product: Product) -> None:
        self.http = http
        self.url = f"{product.base}/api/v1/agent"
        self._csrf = ""

    async def sign_in(self) -> Agent:
        body = {"email": AGENT_EMAIL, "password": AGENT_PASSWORD}
        async with self.http.post(f"{self.url}/session", json=body) as answer:
            assert answer.status == 200, await answer.text()
            self._csrf = (await answer.json())["csrf_token"]
        return self

    async def queue(self) -> dict[str, Any]:
        async with self.http.get(f"{self.url}/queue") as answer:
            assert answer.status == 200, await answer.text()
            return dict(await answer.json())

    async def post(self, conversation_id: str, what: str, **body: Any) -> dict[str, Any]:
        """`claim`, `messages`, `close` and the others; what is refused is an error."""
        address = f"{self.url}/conversations/{conversation_id}/{what}"
        async with self.http.post(address, json=body, headers={"X-CSRF-Token": self._csrf}) as answer:
            assert answer.status in (200, 202, 204), await answer.text()
            return {} if answer.status == 204 else dict(await answer.json())

    async def close(self, citizen: Citizen) -> None:
        await self.post(citizen.id, "close", outcome="answered", return_to_assistant=False)


def answers(events: list[Event], seq: int) -> list[Event]:
    """The assistant's answers to one message."""
    return [e for e in events if e["type"] == "message" and e["author"] == "assistant" and e["data"]["reply_to"] == seq]


def system(events: list[Event], kind: str) -> list[Event]:
    """What the front desk itself says of one kind."""
    return [e for e in events if e["type"] == "message" and e["author"] == "system" and e["data"]["kind"] == kind]


def owners(events: list[Event]) -> list[str]:
    """Who the conversation went to, in order."""
    return [e["data"]["owner"] for e in events if e["type"] == "owner"]


def short(event: Event) -> tuple[Any, ...]:
    """An event for the message of a failed test."""
    return event["seq"], event["type"], event["author"], event["data"].get("reply_to"), str(event["data"].get("text"))[:40]


def check_promises(citizen: Citizen, events: list[Event], unanswered: frozenset[int] = frozenset()) -> None:
    """Nothing lost, nothing doubled, nothing out of order.

    `events` is the whole conversation; each acknowledged message but the `unanswered` ones must have its one answer.
    """
    told = [short(event) for event in events]
    assert [e["seq"] for e in events] == list(range(1, len(events) + 1)), f"a number is missing or doubled: {told}"
    stored = [(e["data"]["client_id"], e["seq"]) for e in events if e["type"] == "message" and e["author"] == "citizen"]
    assert dict(stored) == citizen.said, f"not what was acknowledged: {told}"
    assert len(stored) == len(citizen.said), f"a message is stored twice: {told}"
    replies = [e["data"]["reply_to"] for e in events if e["type"] == "message" and e["author"] == "assistant"]
    owed = sorted(set(citizen.said.values()) - unanswered)
    assert Counter(replies) == Counter(owed), f"not one answer for each message: {told}"
    assert replies == owed, f"answers out of order: {told}"
