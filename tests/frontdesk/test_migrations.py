"""Migrations: each goes up, down and up again; at the end the tables are what the models say. On both databases."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from frontdesk import db
from frontdesk.models import Base


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'sub' / 'relais.db'}"  # its folder is made too
    url: str = request.getfixturevalue("empty_postgres")
    asyncio.run(db.migrate(url, "base", down=True))
    return url


async def look(url: str, read: Any) -> Any:
    engine = db.create_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(read)
    finally:
        await engine.dispose()


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata))


async def test_stairway(empty_url: str) -> None:
    before = "base"
    for revision in db.revisions():
        await db.migrate(empty_url, revision)
        up = await look(empty_url, tables)
        await db.migrate(empty_url, before, down=True)
        assert await look(empty_url, tables) != up
        await db.migrate(empty_url, revision)
        assert await look(empty_url, tables) == up
        before = revision
    assert await look(empty_url, tables) == set(Base.metadata.tables)
    await db.migrate(empty_url, "base", down=True)
    assert await look(empty_url, tables) == set()


def guards(connection: Connection) -> set[str]:
    """Triggers and functions of ours: no table, so no comparison of tables sees them."""
    if connection.dialect.name == "sqlite":
        asked = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        asked = (
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal "
            "UNION SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
        )
    return set(connection.exec_driver_sql(asked).scalars())


async def test_append_only_guards_come_and_go_with_their_migration(empty_url: str) -> None:
    await db.migrate(empty_url, "0002")
    up = await look(empty_url, guards)
    assert up
    assert all(name.startswith("incident_versions_") for name in up)
    await db.migrate(empty_url, "0001", down=True)
    assert await look(empty_url, guards) == set()
    await db.migrate(empty_url)
    assert await look(empty_url, guards) == up


async def test_models_are_what_the_migrations_make(empty_url: str) -> None:
    await db.migrate(empty_url)
    assert await look(empty_url, differences) == []


async def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    await db.migrate(empty_url)
    before = await look(empty_url, tables)
    await db.migrate(empty_url)
    assert await look(empty_url, tables) == before


def test_comparison_sees_a_difference(migrated_sqlite: Path) -> None:
    """The guard of the test above: a missing column must be seen."""

    def without_a_column(connection: Connection) -> list[Any]:
        connection.exec_driver_sql("alter table handoffs drop column note")
        return differences(connection)

    async def run() -> list[Any]:
        engine = db.create_engine(f"sqlite+aiosqlite:///{migrated_sqlite}")
        async with engine.connect() as connection:  # never committed
            found = await connection.run_sync(without_a_column)
            await connection.rollback()
        await engine.dispose()
        return list(found)

    assert [difference[0] for difference in asyncio.run(run())] == ["add_column"]
