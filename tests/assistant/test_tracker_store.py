"""The tracker store on SQLite and on PostgreSQL; the checks themselves run in Rasa's environment (store_script.py)."""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from assistant_process import ROOT, run_in_rasa

POSTGRES = os.environ.get("RELAIS_TEST_POSTGRES", "postgresql://postgres@127.0.0.1/postgres")


async def _in_postgres(command: str) -> None:
    connection = await asyncpg.connect(POSTGRES, timeout=5)
    try:
        await connection.execute(command)
    finally:
        await connection.close()


@pytest.fixture
async def postgres_url() -> Any:
    """A database of its own; skipped when there is no PostgreSQL, an error when RELAIS_TEST_POSTGRES promised one."""
    name = f"relais_test_{uuid.uuid4().hex}"
    try:
        await _in_postgres(f'CREATE DATABASE "{name}"')
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        if "RELAIS_TEST_POSTGRES" in os.environ:
            raise
        pytest.skip(f"no PostgreSQL at {POSTGRES}: {type(error).__name__}; set RELAIS_TEST_POSTGRES")
    base, _, _ = POSTGRES.rpartition("/")
    yield f"{base}/{name}"
    await _in_postgres(f'DROP DATABASE "{name}" WITH (FORCE)')


def _checks(url: str) -> dict[str, dict[str, Any]]:
    done = run_in_rasa("-W", "ignore", str(Path(__file__).parent / "store_script.py"), url, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {row.pop("check"): row for row in rows}


EXPECTED = {
    "roundtrip": {"exists_empty": False, "events": 7, "same": True, "cached": True},
    "conflict": {"raised": True, "turns": ["m1", "m2"]},
    "first_save": {"conflicts": 1, "events": 5},
    "stale_cache": {"turns": ["m1", "m2", "m4"]},
    "message_id": {"doubled": False, "turn": ["user", "action", "bot", "action"], "unknown": None},
    "failed_turn": {"turns": ["m1", "m2", "m4"]},
    "cache": {"size": 5, "keys": 23},
    "erase": {"erased": [True, False], "left": None, "tracker": True},
}


def _verify(checks: dict[str, dict[str, Any]]) -> None:
    long = checks.pop("long")
    assert long.pop("largest") <= long.pop("limit")
    assert long == {"slot": "Zoé", "slot_reread": "Zoé", "latest": "texte 99 'é\U0001f600", "turns": 100, "first_turn": 4}
    assert checks == EXPECTED


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Iterator[Path]:
    return tmp_path / "made" / "tracker.db"  # the folder does not exist yet


def test_tracker_store_on_sqlite(sqlite_file: Path) -> None:
    _verify(_checks(f"sqlite:///{sqlite_file}"))
    connection = sqlite3.connect(sqlite_file)
    try:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        holes = connection.execute(
            "SELECT conversation_id FROM tracker_event GROUP BY conversation_id HAVING max(sequence) != count(*) - 1 OR min(sequence) != 0"
        )
        assert holes.fetchall() == []
    finally:
        connection.close()


async def test_tracker_store_on_postgresql(postgres_url: str) -> None:
    _verify(_checks(postgres_url))


def test_tracker_store_refuses_other_databases() -> None:
    done = run_in_rasa("-W", "ignore", str(Path(__file__).parent / "store_script.py"), "mysql://x/y", env={"PYTHONPATH": str(ROOT)})
    assert done.returncode != 0
    assert "SQLite and PostgreSQL" in done.stderr
