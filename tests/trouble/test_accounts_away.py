"""The database of accounts goes away: nobody is let in, members stay in, and then all is well."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from authdemo.testing import wait_until
from tests.support.browser import Browser
from tests.support.postgresql import PostgreSQL
from tests.support.server import Server, running_in_trouble
from tests.support.tab import LOGIN_STATE, Tab


@pytest.fixture
def mortal() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture
def server(mortal: PostgreSQL, tmp_path: Path) -> Iterator[Server]:
    """The app, with its accounts in a PostgreSQL that comes and goes."""
    with running_in_trouble(tmp_path, DB_URL=mortal.new_database()) as server:
        yield server


def test_while_accounts_are_away_members_stay_and_nobody_else_comes_in(
    mortal: PostgreSQL, server: Server
) -> None:
    john, late = Browser(server), Browser(server)
    assert john.log_in().status_code == 200
    mortal.stop()
    started = time.monotonic()
    answer = late.log_in()
    assert time.monotonic() - started < 5
    assert (answer.status_code, answer.json()["code"]) == (503, "AccountsUnavailable")
    assert late.session() is None
    assert john.update({"name": "Still here"}).status_code == 200
    with Tab(server, late, path="/login") as tab:
        tab.call(f"{LOGIN_STATE}.log_in", form={"id": "john_doe", "password": "tutorial"})
        wait_until(lambda: tab.var(LOGIN_STATE, "error"))
        assert tab.var(LOGIN_STATE, "error")["code"] == "AccountsUnavailable"
    mortal.start()
    assert late.log_in().status_code == 200
    assert "Accounts can be reached again." in server.logged()
