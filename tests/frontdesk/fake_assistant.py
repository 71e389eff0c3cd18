"""The assistant's channel of `docs/assistant.md`, played by a real HTTP server that checks what it is sent."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.test_utils import unused_port

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
Step = Callable[[dict[str, Any]], Awaitable[web.StreamResponse | None]]


def fails(status: int = 500, code: str = "internal") -> Step:
    """Answers with an HTTP error in the channel's shape."""

    async def step(_: dict[str, Any]) -> web.Response:
        return web.json_response({"error": {"code": code, "message": "x"}}, status=status)

    return step


def sends(body: Any, status: int = 200) -> Step:
    """Answers with any bytes or JSON."""

    async def step(_: dict[str, Any]) -> web.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(body=raw, status=status, content_type="application/json")

    return step


def says(*messages: dict[str, Any], intent: str = "faq/vol_simple", understood: bool = True) -> Step:
    """Answers well, with these messages."""
    return sends({"messages": list(messages), "intent": {"name": intent, "confidence": 0.9}, "understood": understood, "replayed": False})


def waits(event: asyncio.Event) -> Step:
    """Waits before the next step, or the usual answer."""

    async def step(_: dict[str, Any]) -> None:
        await event.wait()

    return step


class FakeAssistant:
    """Says `Réponse à : <text>` unless the script for a text says otherwise; each step of a script is used once.

    `problems` collects what the front desk did against the contract; the fixture checks that it stays empty.
    """

    def __init__(self, token: str) -> None:
        self.token = token
        self.port = unused_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.script: dict[str, list[Step]] = defaultdict(list)
        self.asked: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self.has_model = True
        self._answers: dict[str, dict[str, Any]] = {}
        self._busy: set[str] = set()
        self._arrived = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/webhooks/relais/message", self._message)
        app.router.add_post("/webhooks/relais/transcript", self._transcript)
        app.router.add_get("/webhooks/relais/health", self._health)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def until_asked(self, times: int) -> None:
        """Waits until so many questions have arrived."""
        async with asyncio.timeout(10), self._arrived:
            await self._arrived.wait_for(lambda: len(self.asked) >= times)

    async def until_told(self, times: int) -> None:
        """Waits until so many transcripts have arrived."""
        async with asyncio.timeout(10), self._arrived:
            await self._arrived.wait_for(lambda: len(self.told) >= times)

    async def _body(self, request: web.Request, required: set[str], optional: set[str]) -> dict[str, Any]:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            self.problems.append("no or wrong bearer token")
        body: dict[str, Any] = await request.json()
        if not required <= body.keys() <= required | optional:
            self.problems.append(f"fields {sorted(body)}")
        for name in ("conversation_id", "message_id"):
            if not ID.fullmatch(body.get(name, "")):
                self.problems.append(f"{name} is no id: {body.get(name)!r}")
        return body

    async def _message(self, request: web.Request) -> web.StreamResponse:
        body = await self._body(request, {"conversation_id", "message_id", "text", "locale"}, {"payload"})
        text, conversation_id = body["text"], body["conversation_id"]
        if not 1 <= len(text) <= 2000 or body["locale"] != "fr":
            self.problems.append("text or locale")
        if "payload" in body and not re.fullmatch(r"/\S.{0,198}", body["payload"]):
            self.problems.append("payload")
        if conversation_id in self._busy:
            self.problems.append("two questions of one conversation at once")
        self._busy.add(conversation_id)
        try:
            async with self._arrived:
                self.asked.append(body)
                self._arrived.notify_all()
            while self.script[text]:
                answer = await self.script[text].pop(0)(body)
                if answer is not None:
                    return answer
        finally:
            self._busy.discard(conversation_id)
        replayed = body["message_id"] in self._answers
        answered = self._answers.setdefault(
            body["message_id"],
            {
                "conversation_id": conversation_id,
                "message_id": body["message_id"],
                "intent": {"name": "faq/vol_simple", "confidence": 0.93},
                "understood": True,
                "messages": [{"text": f"Réponse à : {text}", "buttons": [], "links": [], "phones": [], "cards": []}],
            },
        )
        return web.json_response({**answered, "replayed": replayed})

    async def _transcript(self, request: web.Request) -> web.Response:
        body = await self._body(request, {"conversation_id", "message_id", "turns"}, set())
        if not 1 <= len(body["turns"]) <= 200:
            self.problems.append(f"{len(body['turns'])} turns")
        for turn in body["turns"]:
            if turn.keys() != {"author", "text"} or turn["author"] not in ("agent", "citizen"):
                self.problems.append("a turn's shape")
        async with self._arrived:
            self.told.append(body)
            self._arrived.notify_all()
        return web.json_response({"replayed": False})

    async def _health(self, _: web.Request) -> web.Response:
        if not self.has_model:
            return web.json_response({"error": {"code": "no_model"}}, status=503)
        return web.json_response({"status": "ok", "model": "fake"})
