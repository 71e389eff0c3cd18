"""The front desk, its fake assistant, and settings that make tests fast."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import argon2
import pytest
from fake_assistant import FakeAssistant
from harness import CHANNEL_TOKEN, OLD_SECRET, SECRET, Desk

from frontdesk import app, security, turns
from frontdesk.emergency import Lexicon
from frontdesk.settings import Settings

StartDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    """The real lexicon, read once."""
    return Lexicon.load(app.LEXICON)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, lexicon: Lexicon) -> None:
    """Real argon2id with small parameters, short pauses between attempts, one lexicon: the same code, less waiting."""
    monkeypatch.setattr(Lexicon, "load", lambda _: lexicon)
    # The lexicon alone, unless a test gives it a model: what is trained on this machine must not decide a test.
    monkeypatch.setattr(app, "EMERGENCY_MODEL", Path("/nowhere/emergency.npz"))
    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(security, "_passwords", hasher)
    monkeypatch.setattr(security, "_DUMMY_HASH", hasher.hash("nobody"))
    monkeypatch.setattr(app, "LEASE_CHECK_SECONDS", 0.05)
    monkeypatch.setattr(turns, "FIRST_DELAY", 0.02)
    monkeypatch.setattr(turns, "LAST_DELAY", 0.1)


@pytest.fixture
async def assistant() -> AsyncIterator[FakeAssistant]:
    fake = FakeAssistant(CHANNEL_TOKEN)
    await fake.start()
    yield fake
    await fake.stop()
    assert fake.problems == []


@pytest.fixture
def settings(database_url: str, assistant: FakeAssistant, quick: None) -> dict[str, Any]:
    """The settings of a test's front desk; a test may change them before it starts one."""
    return {
        "database_url": database_url,
        "assistant_url": assistant.url,
        "actions_url": "http://127.0.0.1:9/webhook",
        "channel_token": CHANNEL_TOKEN,
        "webhook_secrets": f"{SECRET} {OLD_SECRET}",
        "assistant_patience": 5.0,
        "assistant_timeout": 5.0,
        "assistant_give_up": 60.0,
        "messages_per_minute": 1000,
        "conversations_per_minute": 1000,
    }


@pytest.fixture
async def start_desk(settings: dict[str, Any]) -> AsyncIterator[StartDesk]:
    """Starts a front desk, with some settings of its own."""
    started: list[Desk] = []

    async def start(**changes: Any) -> Desk:
        desk = Desk(Settings(**settings | changes))
        await desk.start()
        started.append(desk)
        return desk

    yield start
    for desk in started:
        await desk.stop()


@pytest.fixture
async def desk(start_desk: StartDesk) -> Desk:
    return await start_desk()
