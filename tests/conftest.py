"""Databases for every test that needs one. `database_url` is SQLite; `harness.BOTH_DATABASES` runs a test on PostgreSQL too."""

import asyncio
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from frontdesk import db
from frontdesk.models import Base

POSTGRES = "RELAIS_TEST_POSTGRES"
DEFAULT_POSTGRES = "postgresql+asyncpg://postgres@127.0.0.1/postgres"


async def _execute(url: str, *statements: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    finally:
        await engine.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """A PostgreSQL on which databases can be made. Skips when there is none, fails when one was asked for."""
    url = os.environ.get(POSTGRES, DEFAULT_POSTGRES)
    try:
        asyncio.run(_execute(url, "select 1"))
    except OSError as error:
        if POSTGRES in os.environ:
            pytest.fail(f"{POSTGRES} is set but nobody answers there: {error}")
        pytest.skip(f"no PostgreSQL on 127.0.0.1:5432 (set {POSTGRES} to name another)")
    return url


@pytest.fixture(scope="session")
def empty_postgres(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database without tables, for the whole session."""
    yield from _database(postgres_server)


@pytest.fixture(scope="session")
def postgres(postgres_server: str) -> Iterator[str]:
    """A migrated PostgreSQL database, for the whole session; each test empties it first."""
    for url in _database(postgres_server):
        asyncio.run(db.migrate(url))
        yield url


def _database(server: str) -> Iterator[str]:
    name = f"relais_test_{uuid.uuid4().hex}"
    # Not waiting for the disk changes nothing that these tests look at.
    asyncio.run(_execute(server, f"create database {name}", f"alter database {name} set synchronous_commit = off"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        asyncio.run(_execute(server, f"drop database {name} with (force)"))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("database") / "relais.db"
    asyncio.run(db.migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database: a SQLite file of this test's own, or PostgreSQL when the test's parameter says so."""
    if getattr(request, "param", "sqlite") == "postgresql":
        url: str = request.getfixturevalue("postgres")
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        asyncio.run(_execute(url, f"truncate {tables} restart identity cascade"))
        return url
    shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "relais.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'relais.db'}"
