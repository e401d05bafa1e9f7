"""POST user: what the profile form sends is kept in the account, and reaches all sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.browser import Browser
from tests.support.postgresql import PostgreSQL
from tests.support.server import Server, running_in_trouble
from tests.support.tab import Tab


def save(browser: Browser, data: Any, **headers: str) -> httpx.Response:
    body = {"csrfToken": browser.csrf(), "data": data}
    return browser.post("/api/auth/user", json=body, headers=headers)


@pytest.fixture
def elsewhere(other_browser: Browser) -> Browser:
    """The same user on another device."""
    other_browser.log_in()
    return other_browser


def name_of(browser: Browser) -> str:
    return str(browser.session()["user"]["name"])


def test_change_reaches_other_sessions_and_the_next_sign_in(
    john: Browser, elsewhere: Browser
) -> None:
    jane = Browser(john.server)
    jane.log_in("jane_admin")
    with Tab(elsewhere.server, elsewhere, path="/client") as tab:
        answer = save(john, {"name": "Ada", "image": "https://example.org/ada.png"})
        tab.expect_session("authenticated", name="Ada")
    assert (answer.status_code, answer.json()["rev"]) == (200, 2)
    later = Browser(john.server)
    later.log_in()
    for each in (john, elsewhere, later):
        assert each.session()["user"]["image"] == "https://example.org/ada.png"
        assert name_of(each) == "Ada"
    assert name_of(jane) == "Jane Admin"


def test_update_of_the_session_stays_in_it(john: Browser, elsewhere: Browser) -> None:
    john.update({"name": "Client-Man"})
    assert (name_of(john), name_of(elsewhere)) == ("Client-Man", "John Doe")


@pytest.mark.parametrize(
    ("data", "field"),
    [({"role": "admin"}, "role"), ({"name": ""}, "name"), ({"email_verified": True}, None)],
)
def test_invalid_change_changes_nothing(john: Browser, data: Any, field: str | None) -> None:
    answer = save(john, data)
    assert answer.status_code == 422
    assert answer.json()["field"] == (field or "email_verified")
    later = Browser(john.server)
    later.log_in()
    assert (name_of(later), later.session()["user"]["role"]) == ("John Doe", "user")


def test_outdated_change_changes_nothing(john: Browser, elsewhere: Browser) -> None:
    assert save(john, {"name": "Ada"}, **{"If-Match": '"7"'}).status_code == 409
    assert name_of(elsewhere) == "John Doe"


def test_anonymous_and_missing_csrf_token_are_rejected(browser: Browser, jane: Browser) -> None:
    assert save(browser, {"name": "Ada"}).status_code == 401
    body = {"csrfToken": "x", "data": {"name": "Ada"}}
    assert jane.post("/api/auth/user", json=body).status_code == 403
    assert name_of(jane) == "Jane Admin"


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[tuple[PostgreSQL, Server]]:
    """The app, with its accounts in a PostgreSQL that goes away."""
    with (
        PostgreSQL() as postgresql,
        running_in_trouble(tmp_path, DB_URL=postgresql.new_database()) as server,
    ):
        yield postgresql, server


def test_while_the_database_is_away_nothing_changes(mortal: tuple[PostgreSQL, Server]) -> None:
    postgresql, server = mortal
    john, elsewhere = Browser(server), Browser(server)
    john.log_in()
    elsewhere.log_in()
    postgresql.stop()
    answer = save(john, {"name": "Ada"})
    assert (answer.status_code, answer.json()["code"]) == (503, "AccountsUnavailable")
    assert (name_of(john), name_of(elsewhere)) == ("John Doe", "John Doe")
    postgresql.start()
    assert save(john, {"name": "Ada"}).status_code == 200
    assert (name_of(john), name_of(elsewhere)) == ("Ada", "Ada")
