"""The database: engines, sessions, migrations. SQLite in WAL by default, PostgreSQL by URL."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

Sessions = async_sessionmaker[AsyncSession]


def create_engine(url: str) -> AsyncEngine:
    """An engine for `url`; its errors don't quote parameters, which may be what somebody wrote.

    On SQLite every transaction starts as a writer (BEGIN IMMEDIATE) unless its connection is `read_only`.

    A transaction that reads first and writes later would otherwise fail with "database is locked" when another one wrote
    in between: SQLite can't wait there (https://sqlite.org/isolation.html).
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_async_engine(parsed, pool_size=20, max_overflow=10, pool_pre_ping=True, hide_parameters=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(parsed, pool_size=8, max_overflow=8, connect_args={"timeout": 15}, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def create_sessions(engine: AsyncEngine, *, read_only: bool = False) -> Sessions:
    """Sessions on `engine`; `read_only` ones never wait for a writer on SQLite."""
    bound = engine.execution_options(read_only=True) if read_only else engine
    return async_sessionmaker(bound, expire_on_commit=False)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


async def migrate(url: str, revision: str = "head", *, down: bool = False) -> None:
    """Brings the database up to `revision` (or `down` to it)."""

    def run(connection: Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)

    engine = create_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


def upgrade(url: str) -> None:
    """Brings the database to the newest revision; for command lines, outside of an event loop."""
    asyncio.run(migrate(url))


def revisions() -> list[str]:
    """Every revision that the code knows, oldest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]
