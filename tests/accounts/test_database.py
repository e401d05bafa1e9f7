"""The database that DB_URL names, and what happens when it is away or has been there for long."""

from __future__ import annotations

import asyncio
import stat
import time
from pathlib import Path

import pytest

from authdemo.accounts import Accounts, AccountsUnavailable
from authdemo.accounts.database import TIMEOUT, database_url
from authdemo.sessions.core.errors import ConfigurationError
from tests.accounts.conftest import ADA, CHEAP, FORM, PASSWORD, all_of
from tests.support.postgresql import PostgreSQL


@pytest.mark.parametrize(
    ("value", "driver"),
    [
        ("postgresql://ada:secret@db.example.org:5432/app", "postgresql+psycopg"),
        ("postgres://ada@localhost/app?sslmode=require", "postgresql+psycopg"),
        ("postgresql+psycopg://localhost/app", "postgresql+psycopg"),
        ("postgresql:///app", "postgresql+psycopg"),
        ("sqlite:///app.db", "sqlite"),
        ("sqlite:////var/lib/app.db", "sqlite"),
    ],
)
def test_url_selects_the_database_as_for_reflex(value, driver):
    url = database_url(Path("data"), {"DB_URL": value})
    assert url.drivername == driver
    assert url.render_as_string(hide_password=False).partition(":")[2] == value.partition(":")[2]


@pytest.mark.parametrize("environ", [{}, {"DB_URL": ""}])
def test_database_without_url_is_a_file_in_the_data_folder(environ):
    assert str(database_url(Path("data"), environ)) == "sqlite:///data/accounts.db"


async def test_data_folder_is_found_without_other_settings_or_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("AUTH_LOGIN_RATE", "many")
    monkeypatch.delenv("AUTH_SECRET", raising=False)
    monkeypatch.delenv("DB_URL", raising=False)
    accounts = Accounts(hasher=CHEAP)
    try:
        await accounts.register(FORM)
    finally:
        accounts.close()
    assert (tmp_path / "data" / "accounts.db").exists()
    assert not (tmp_path / "data" / "secret").exists()


@pytest.mark.parametrize(
    "value",
    [
        *("postgres", "/var/lib/app.db", "mysql://localhost/app", "://", " "),
        *("postgresql://localhost", "postgresql://localhost:port/app", "postgresql://h:99999/app"),
        *("postgresql+asyncpg://localhost/app", "http://ada:secret@localhost/app"),
        *("sqlite://", "sqlite:///:memory:"),
    ],
)
def test_invalid_url_is_rejected_without_showing_its_password(value):
    with pytest.raises(ConfigurationError) as refused:
        database_url(Path("data"), {"DB_URL": value})
    assert refused.value.message == (
        "DB_URL takes a URL like postgresql://user:password@host:5432/name "
        "or sqlite:////path/to/accounts.db."
    )


async def test_database_file_is_readable_by_its_owner_only(open_at, tmp_path):
    await open_at(f"sqlite:///{tmp_path}/new/accounts.db").open()
    assert stat.S_IMODE((tmp_path / "new" / "accounts.db").stat().st_mode) == 0o600


@pytest.fixture(scope="module")
def mortal():
    """A PostgreSQL that these tests may stop."""
    with PostgreSQL() as server:
        yield server


class TestTrouble:
    @pytest.fixture
    def accounts(self, open_at, mortal):
        accounts = open_at(mortal.empty_database())
        accounts.seed([ADA], PASSWORD)
        return accounts

    async def test_unreachable_database_rejects_sign_ins_until_it_is_back(
        self, mortal, accounts, caplog
    ):
        assert await accounts.check("ada", PASSWORD)
        mortal.stop()
        try:
            for _ in range(2):
                with pytest.raises(AccountsUnavailable):
                    await accounts.check("ada", PASSWORD)
            with pytest.raises(AccountsUnavailable):
                await accounts.register(FORM)
        finally:
            mortal.start()
        assert await accounts.check("ada", PASSWORD) == ADA
        said = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert len(said) == 1
        assert said[0].startswith("Accounts can't be reached.")
        assert "\n" not in said[0]

    async def test_database_unreachable_at_start_is_tried_again(self, mortal, accounts):
        mortal.stop()
        try:
            with pytest.raises(AccountsUnavailable):
                await all_of(accounts)
        finally:
            mortal.start()
        assert await all_of(accounts) == [ADA]

    async def test_silent_database_times_out_and_delays_no_other_request(self, mortal, accounts):
        assert await accounts.check("ada", PASSWORD)
        mortal.freeze()
        try:
            started = time.monotonic()
            asking = asyncio.create_task(accounts.check("ada", PASSWORD))
            beats = 0
            while not asking.done():
                await asyncio.sleep(0.05)
                beats += 1
            with pytest.raises(AccountsUnavailable):
                await asking
            assert time.monotonic() - started < TIMEOUT + 1
            assert beats > TIMEOUT / 0.05 * 0.5
        finally:
            mortal.thaw()
        assert await accounts.check("ada", PASSWORD) == ADA

    async def test_invalid_file_is_reported_without_the_query(self, open_at, tmp_path, caplog):
        path = tmp_path / "accounts.db"
        path.write_bytes(b"not a database, but long enough to be looked at" * 100)
        accounts = open_at(f"sqlite:///{path}")
        with pytest.raises(AccountsUnavailable):
            await accounts.register(FORM)
        assert "file is not a database" in caplog.text
        assert "INSERT" not in caplog.text
        assert path.read_bytes().startswith(b"not a database")
