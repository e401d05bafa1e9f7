"""Fields of types that JSON has no word for, in a running app: over HTTP and by sockets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from authdemo.testing import wait_until
from tests.support import unbuilt
from tests.support.apps import state
from tests.support.browser import Browser
from tests.support.server import Server, doesnt_complain
from tests.support.tab import SESSION_STATE, Tab

DESK = state("desk")
IN_JSON = {
    "born": "1815-12-10",
    "seen": "1842-01-01T12:00:00Z",
    "size": 1,
    "key": "00000000-0000-0000-0000-000000000007",
    "balance": "1.50",
    "home": {"street": "St James's Square", "since": "1835-07-08"},
    "path": ["a", "b"],
}


@pytest.fixture(scope="module")
def app(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("types")
    data = str(place / "data")
    with unbuilt.serving(folder, place / "log", VERSION="older", AUTH_DATA_DIR=data) as server:
        yield server
    doesnt_complain(server)


@pytest.fixture
def ada(app: Server) -> Browser:
    browser = Browser(app)
    assert browser.log_in("ada").status_code == 200
    return browser


def test_all_three_faces_say_the_same(app: Server, ada: Browser) -> None:
    user = ada.session()["user"]
    assert user | IN_JSON == user
    with Tab(app, ada) as tab:
        assert tab.user == user
        assert ada.get("/api/auth/token").json()["claims"]["user"] == user
        tab.call(f"{DESK}.say")
        tab.expect_vars(DESK, said="Sunday, 1835, SMALL, 3")


def test_client_changes_them_and_gets_conflicts(app: Server, ada: Browser) -> None:
    with Tab(app, ada) as tab:
        answer = ada.update({"born": "1852-11-27", "tags": ["x"], "home": {"street": "Ockham"}})
        tab.expect_session("authenticated", born="1852-11-27", tags=["x"])
        tab.call(f"{DESK}.say")
        tab.expect_vars(DESK, said="Saturday, 1835, SMALL, 1")
    assert answer.json()["user"] == ada.session()["user"]
    stale = ada.update({"born": "1815-12-10"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["rev"]) == (409, 2)
    wrong = ada.update({"born": "yesterday"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "born")
    same = ada.update({**ada.session()["user"], "name": "Countess"})
    assert (same.status_code, same.json()["rev"]) == (200, 3)


def test_the_server_changes_them(app: Server, ada: Browser) -> None:
    with Tab(app, ada) as tab:
        tab.call(f"{DESK}.move")
        tab.expect_session(
            "authenticated", home={"street": "Ockham", "since": "1850-01-01"}, size=2
        )
    assert ada.session()["user"]["size"] == 2


def test_a_sign_in_over_the_socket_brings_them(app: Server) -> None:
    browser = Browser(app)
    browser.get("/login")
    with Tab(app, browser, path="/login") as tab:
        tab.call(f"{DESK}.sign_in", form={"id": "grace", "password": "tutorial"})
        wait_until(lambda: tab.var(SESSION_STATE, "ticket"))
        assert browser.redeem(tab.var(SESSION_STATE, "ticket")).status_code == 200
    user = browser.session()["user"]
    assert user | IN_JSON | {"plan": "gold"} == user
