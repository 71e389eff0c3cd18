"""The assistant as a real process, and an action server that checks what it is sent."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "assistant" / ".venv" / "bin" / "python"
BOT = Path(__file__).parent / "bot"
TOKEN = "channel-token-of-the-tests"
RASA_TOKEN = "rasa-token-of-the-tests"
START_SECONDS = 90  # generous: the machine may be busy with other tests


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_in_rasa(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """A command of Rasa's environment, run from the root; its output is text."""
    environment = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", **options.pop("env", {})}
    return subprocess.run([str(PYTHON), *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, **options)


class ActionServer:
    """Answers like rasa-sdk and refuses what Rasa would not send; `fail` makes it fail, `gate` makes it wait."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.calls: list[dict[str, Any]] = []
        self.fail = False
        self.gate: asyncio.Event | None = None
        self._arrived = asyncio.Condition()

    async def wait_for_calls(self, count: int) -> None:
        """Returns when so many calls have arrived."""
        async with self._arrived:
            await asyncio.wait_for(self._arrived.wait_for(lambda: len(self.calls) >= count), 20)

    async def webhook(self, request: web.Request) -> web.Response:
        body = await request.json()
        assert set(body) >= {"next_action", "sender_id", "tracker", "domain"}
        latest = body["tracker"]["latest_message"]
        self.calls.append(
            {"action": body["next_action"], "sender": body["sender_id"], "message": latest["message_id"], "tracker": body["tracker"]}
        )
        async with self._arrived:
            self._arrived.notify_all()
        if self.gate is not None:
            await self.gate.wait()
        if self.fail:
            return web.json_response({"error": "broken"}, status=500)
        if body["next_action"] == "action_note":
            events = [{"event": "slot", "name": "noted", "value": latest["text"], "timestamp": None}]
            return web.json_response({"events": events, "responses": [{"text": f"avant : {body['tracker']['slots']['noted']}"}]})
        text = {"action_handoff": "Je transmets.", "action_fallback": "Je ne suis pas sûr."}[body["next_action"]]
        return web.json_response({"events": [], "responses": [{"text": text, "buttons": [{"title": "Vol", "payload": "/faq/vol"}]}]})


class Assistant:
    """One assistant process and calls to its channel."""

    def __init__(self, model: Path, tracker_url: str, actions_port: int, log: Path) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._log = log
        self._environment = {
            **os.environ,
            "RELAIS_RASA_PORT": str(self.port),
            "RELAIS_RASA_TOKEN": RASA_TOKEN,
            "RELAIS_CHANNEL_TOKEN": TOKEN,
            "RELAIS_TRACKER_URL": tracker_url,
            "RELAIS_ACTIONS_URL": f"http://127.0.0.1:{actions_port}/webhook",
            "RELAIS_MODEL": str(model),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def _launch(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [str(PYTHON), "-m", "assistant.serve"], cwd=ROOT, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )

    async def start(self) -> None:
        """Starts and waits until the health call answers."""
        self._process = self._launch()
        deadline = time.monotonic() + START_SECONDS
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < deadline:
                assert self._process.poll() is None, self.log()[-3000:]
                try:
                    async with session.get(f"{self.base}/webhooks/relais/health") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass  # not listening yet
                await asyncio.sleep(0.1)
        pytest.fail(f"the assistant did not start: {self.log()[-3000:]}")

    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def log(self) -> str:
        """Everything the process wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    async def call(self, path: str, body: Any, *, token: str | None = TOKEN, method: str = "POST") -> tuple[int, dict[str, Any]]:
        """Status and JSON of a call; `body` may be bytes."""
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        content = {"data": body} if isinstance(body, bytes) else {"json": body}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.base}/webhooks/relais/{path}", headers=headers, **content) as answer,
        ):
            return answer.status, await answer.json()

    async def say(self, conversation: str, message: str, text: str, payload: str | None = None) -> tuple[int, dict[str, Any]]:
        """One turn."""
        body = {"conversation_id": conversation, "message_id": message, "text": text, "locale": "fr"}
        return await self.call("message", body if payload is None else {**body, "payload": payload})
