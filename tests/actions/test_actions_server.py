"""The action server as Rasa meets it: a process on loopback that keeps people's words out of logs and error answers."""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import aiohttp
import pytest
import yaml
from aiohttp.test_utils import unused_port
from dialogue import DOMAIN, Dialogue

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 30  # seconds
WORDS = "mon voisin Gaspard"


@dataclass
class Server:
    port: int
    log: IO[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def logged(self) -> str:
        self.log.seek(0)
        return self.log.read().decode()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    port = unused_port()
    environment = {**os.environ, "RELAIS_ACTIONS_PORT": str(port), "RELAIS_WEBHOOK_SECRETS": ""}
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "actions", cwd=ROOT, env=environment, stdout=log, stderr=asyncio.subprocess.STDOUT
        )
        running = Server(port, log)
        try:
            await asyncio.wait_for(answers(running, process), START_LIMIT)
            yield running
        finally:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.wait(), START_LIMIT)


async def answers(server: Server, process: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            assert process.returncode is None, server.logged()
            try:
                async with session.get(f"{server.url}/health") as response:
                    assert await response.json() == {"status": "ok"}
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)


def call(action: str, dialogue: Dialogue) -> dict[str, Any]:
    """What Rasa 3.6.21 posts."""
    tracker = {
        "sender_id": dialogue.conversation_id,
        "slots": dialogue.slots,
        "latest_message": next((e["parse_data"] for e in reversed(dialogue.events) if e["event"] == "user"), {}),
        "events": dialogue.events,
        "paused": False,
        "followup_action": None,
        "active_loop": {},
        "latest_action_name": "action_listen",
    }
    return {
        "next_action": action,
        "sender_id": dialogue.conversation_id,
        "tracker": tracker,
        "domain": DOMAIN,
        "version": "3.6.21",
    }


async def test_server_runs_every_action_of_the_domain(server: Server) -> None:
    domain = yaml.safe_load((ROOT / "domain.yml").read_text())
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/actions") as response:
        served = [action["name"] for action in await response.json()]
    assert sorted(served) == sorted(domain["actions"])


async def test_server_answers_a_call(server: Server) -> None:
    body = call("action_fallback", Dialogue().says(WORDS, "nlu_fallback", tapage_nuisances=0.3))
    async with aiohttp.ClientSession() as session, session.post(f"{server.url}/webhook", json=body) as response:
        answer = await response.json()
    assert response.status == 200
    assert answer["events"] == []
    assert [message["response"] for message in answer["responses"]] == ["utter_fallback_topics"]
    assert WORDS not in server.logged()


@pytest.mark.parametrize("body", [f'{{"{WORDS}', f'"{WORDS}"'], ids=["not JSON", "not an object"])
async def test_server_error_repeats_nothing_of_a_bad_request(server: Server, body: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{server.url}/webhook", data=body) as response:
        answer = await response.text()
    assert response.status >= 400
    assert "Gaspard" not in answer
    assert "Gaspard" not in server.logged()


async def test_server_error_of_an_action_names_its_kind_only(server: Server) -> None:
    broken = Dialogue().says(WORDS, "human")
    del broken.events[-1]["message_id"]  # never so from Rasa: it stands for a bug
    body = call("action_handoff", broken)
    async with aiohttp.ClientSession() as session, session.post(f"{server.url}/webhook", json=body) as response:
        assert (response.status, await response.json()) == (500, {"error": "KeyError"})
    log = server.logged()
    assert "error=KeyError at=actions.conversation:" in log
    assert "Gaspard" not in log


async def test_server_is_closed_to_other_machines(server: Server) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks for this machine's own outward address
            outward = probe.getsockname()[0]
        except OSError:
            outward = "127.0.0.2"  # no network: another loopback address shows the same
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(outward, server.port)
