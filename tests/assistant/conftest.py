"""Fixtures of the assistant's tests: a small bot of their own, trained once, and real processes."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from assistant_process import BOT, ActionServer, Assistant, free_port, run_in_rasa


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small bot, trained once with Rasa's own command."""
    out = tmp_path_factory.mktemp("models")
    arguments = ["--config", BOT / "config.yml", "--domain", BOT / "domain.yml", "--data", BOT / "data", "--out", out]
    trained = run_in_rasa("-m", "rasa", "train", *map(str, arguments), "--fixed-model-name", "bot")
    assert trained.returncode == 0, trained.stderr[-2000:]
    return out / "bot.tar.gz"


@pytest.fixture(scope="module")
def action_port() -> int:
    """Where the module's action servers listen, one after the other."""
    return free_port()


@pytest.fixture
async def actions(action_port: int) -> AsyncIterator[ActionServer]:
    """A running action server."""
    server = ActionServer(action_port)
    app = web.Application()
    app.router.add_post("/webhook", server.webhook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", server.port, reuse_address=True).start()
    yield server
    if server.gate is not None:
        server.gate.set()
    await runner.cleanup()


@pytest.fixture(scope="module")
def start_assistant(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Assistant]]:
    """Makes assistants (not started yet); they are killed at the end of the module."""
    made: list[Assistant] = []

    def make(actions_port: int, tracker_url: str | None = None) -> Assistant:
        folder = tmp_path_factory.mktemp("assistant")
        made.append(Assistant(model, tracker_url or f"sqlite:///{folder}/tracker.db", actions_port, folder / "log.txt"))
        return made[-1]

    yield make
    for assistant in made:
        if assistant.running():
            assistant.kill()


@pytest.fixture
def conversation() -> str:
    """A fresh conversation id."""
    return f"c-{uuid.uuid4().hex}"
