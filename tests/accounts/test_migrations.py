"""Tables are migrated when a database is opened."""

from __future__ import annotations

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from authdemo.accounts.database import open_engine, read_url
from authdemo.accounts.migrations import migrate
from authdemo.accounts.models import VERSION_TABLE
from authdemo.sessions.errors import ConfigurationError
from tests.accounts.conftest import ADA, PASSWORD


@pytest.fixture
def engine(url, tmp_path):
    (tmp_path / "new").mkdir()
    engine = open_engine(read_url(url))
    yield engine
    engine.dispose()


def test_migrations_make_the_tables_of_the_models(engine):
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_partial_indices_have_the_conditions_of_the_models(engine):
    """Alembic doesn't compare them."""

    def conditions():
        found = inspect(engine).get_indexes("accounts")
        return {
            each["name"]: each.get("dialect_options", {}).get(f"{engine.name}_where")
            for each in found
        }

    migrate(engine)
    migrated = {name: str(where) for name, where in conditions().items()}
    SQLModel.metadata.drop_all(engine)
    SQLModel.metadata.create_all(engine)
    assert migrated == {name: str(where) for name, where in conditions().items()}


def test_tables_of_an_app_and_its_own_revision_stay(engine):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('of the app')"))
    migrate(engine)
    migrate(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "of the app"


async def test_workers_that_start_at_once_migrate_once(opened, caplog):
    workers = [opened() for _ in range(6)]
    for worker in workers:
        worker.seed([ADA], PASSWORD)
    await asyncio.gather(*(worker.open() for worker in workers))
    assert [await worker.find("ada") for worker in workers] == [ADA] * 6
    assert caplog.records == []


async def test_tables_of_before_migrations_stop_the_start(opened, engine):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE accounts (id TEXT)"))
    with pytest.raises(ConfigurationError, match="from before there were migrations"):
        await opened().open()
    assert inspect(engine).get_table_names() == ["accounts"]


async def test_tables_of_a_newer_version_stop_the_start(opened, engine):
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999_newer'"))
    with pytest.raises(ConfigurationError, match=r"newer version of authdemo.*9999_newer"):
        await opened().open()


async def test_failed_migration_changes_nothing(opened, engine, monkeypatch):
    def fail(connection):
        connection.execute(text("CREATE TABLE half (id TEXT)"))
        raise OSError("power")

    monkeypatch.setattr("authdemo.accounts.migrations._upgrade", fail)
    await opened().open()
    assert inspect(engine).get_table_names() == []
