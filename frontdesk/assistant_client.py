"""Asks the assistant over its own channel; `docs/assistant.md` is the contract."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from pydantic import BaseModel, ValidationError

from .schemas import Button, Card, Link, Phone

ANSWER_LIMIT = 256 * 1024
CODE = re.compile(r"[a-z0-9_]{1,40}")


class AssistantError(Exception):
    """No answer. `code` says why (`unreachable`, `timeout`, or the channel's own error code); it holds no one's text."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def is_down(self) -> bool:
        """True when nobody answers at all, so that asking again later makes sense for as long as it takes."""
        return self.code in {"unreachable", "no_model"}


@dataclass(frozen=True)
class Answer:
    """What the assistant says to one message: the texts as one, and what goes with them."""

    text: str
    intent: str | None
    understood: bool
    extras: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


class _Message(BaseModel):
    text: str | None = None
    buttons: list[Button] | None = None
    links: list[Link] | None = None
    phones: list[Phone] | None = None
    cards: list[Card] | None = None


class _Intent(BaseModel):
    name: str | None = None


class _Said(BaseModel):
    """What the channel answers, as far as it is used here."""

    messages: list[_Message]
    intent: _Intent | None = None
    understood: bool = True


class AssistantClient:
    """One HTTP session towards Rasa, on loopback."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str, timeout: float) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=3)

    async def ask(self, conversation_id: str, message_id: str, text: str, payload: str | None) -> Answer:
        """The answer to one message; asking again with the same id acts only once. Raises `AssistantError`."""
        body = {"conversation_id": conversation_id, "message_id": message_id, "text": text, "locale": "fr"}
        if payload is not None:
            body["payload"] = payload
        answer = await self._post("/webhooks/relais/message", body)
        try:
            said = _Said.model_validate(answer)
        except ValidationError:
            raise AssistantError("bad_answer") from None  # the cause would quote the answer
        extras: dict[str, list[dict[str, Any]]] = {}
        # What was said last is the open question: its buttons come first, and are not the ones to be left out.
        for message in reversed(said.messages):
            for kind in ("buttons", "links", "phones", "cards"):
                extras.setdefault(kind, []).extend(item.model_dump(exclude_none=True) for item in getattr(message, kind) or ())
        text = "\n\n".join(message.text for message in said.messages if message.text)
        extras = {kind: items for kind, items in extras.items() if items}
        if not text and not extras:
            raise AssistantError("no_answer")
        return Answer(text=text, intent=said.intent.name if said.intent else None, understood=said.understood, extras=extras)

    async def tell(self, conversation_id: str, message_id: str, turns: list[dict[str, str]]) -> None:
        """Tells the tracker what an agent and the citizen said. Raises `AssistantError`."""
        body = {"conversation_id": conversation_id, "message_id": message_id, "turns": turns}
        await self._post("/webhooks/relais/transcript", body)

    async def healthy(self) -> bool:
        """True when Rasa answers and has a model."""
        return await answers(self._session, f"{self._url}/webhooks/relais/health")

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            async with self._session.post(self._url + path, json=body, headers=self._headers, timeout=self._timeout) as response:
                raw = await _whole(response)
                try:
                    parsed = json.loads(raw)
                except ValueError:
                    raise AssistantError("bad_answer" if response.ok else f"http_{response.status}") from None
                if not isinstance(parsed, dict):
                    raise AssistantError("bad_answer")
                if not response.ok:
                    error = parsed.get("error")
                    code = error.get("code") if isinstance(error, dict) else None
                    raise AssistantError(code if isinstance(code, str) and CODE.fullmatch(code) else f"http_{response.status}")
                return parsed
        except TimeoutError as error:
            raise AssistantError("timeout") from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise AssistantError("unreachable") from error


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """The whole body, which may come in pieces. Raises `AssistantError` when it is too large."""
    raw = bytearray()
    async for piece in response.content.iter_any():
        raw += piece
        if len(raw) > ANSWER_LIMIT:
            raise AssistantError("bad_answer")
    return bytes(raw)


async def answers(session: aiohttp.ClientSession, url: str) -> bool:
    """True when a GET of `url` is answered with 200 within 3 seconds."""
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=3)) as response:
            return response.status == 200
    except (TimeoutError, aiohttp.ClientError, ConnectionError):
        return False
