"""Two workers that share a database of accounts: SQLite's file, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.redis.workers import tabs_on_both
from tests.support.browser import Browser
from tests.support.postgresql import PostgreSQL
from tests.support.redis import Redis
from tests.support.server import Server, eventually, running
from tests.support.tab import REGISTER_STATE, SESSION_STATE

BY_ANY_WORKER = {"Connection": "close"}
FORM = {"id": "mary", "name": "Mary", "email": "mary@example.org", "password": "a gilded cage"}


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path: Path, redis: Redis) -> Iterator[Server]:
    """The app with two workers, and accounts that nobody else has."""
    environ = {"REFLEX_REDIS_URL": redis.url, "WORKERS": "2"}
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        environ["DB_URL"] = server.new_database()
    with running(tmp_path, **environ) as server_of_app:
        yield server_of_app


def test_of_many_who_want_one_id_at_either_worker_one_gets_it(shared: Server) -> None:
    browser = Browser(shared)
    browser.get("/register")
    with tabs_on_both(shared, browser) as tabs:
        for number, tab in enumerate(tabs):
            asked = {**FORM, "id": "Mary" if number % 2 else "mary"}
            tab.call(f"{REGISTER_STATE}.register", form=asked)
        eventually(lambda: all(tab.errors or tab.var(SESSION_STATE, "ticket") for tab in tabs))
        tickets = [ticket for tab in tabs if (ticket := tab.var(SESSION_STATE, "ticket"))]
        refusals = [tab.errors["id"]["reason"] for tab in tabs if tab.errors]
    assert refusals == ["taken"] * (len(tabs) - 1)
    assert browser.redeem(tickets[0], headers=BY_ANY_WORKER).status_code == 200
    made = browser.session()["user"]["id"]
    for account, password in ((made, FORM["password"]), ("john_doe", "tutorial")):
        for _ in range(4):
            assert Browser(shared).log_in(account, password).status_code == 200
