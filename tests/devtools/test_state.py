"""Who inspects sees all of their sessions, and everything that happens to them, as it happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from authdemo.testing import wait_until
from authdemo.testing.browser import SESSION
from tests.support.browser import Browser
from tests.support.devtools import Inspector
from tests.support.server import Server
from tests.support.tab import DEVTOOLS_STATE, SESSION_STATE, Tab

TAB_NAME = (SESSION_STATE, "tab")


@pytest.fixture
def alone(server: Server) -> Iterator[Browser]:
    """John, signed in nowhere else."""
    browser = Browser(server)
    browser.log_in()
    browser.revoke(others=True)
    yield browser
    browser.log_out()


@pytest.fixture
def inspector(alone: Browser) -> Iterator[Inspector]:
    with Tab(alone.server, alone, path="/inspector") as tab:
        inspector = Inspector(tab)
        wait_until(lambda: inspector.sessions)
        yield inspector


def test_inspector_shows_the_history_of_a_session(inspector: Inspector, alone: Browser) -> None:
    alone.update({"name": "Ada"}, headers={"User-Agent": "curl/8.1"})
    wait_until(lambda: len(inspector.changes) == 2)
    newest, oldest = inspector.changes
    assert (oldest["rev"], oldest["cause"]) == (1, "sign-in")
    assert (newest["rev"], newest["cause"], newest["browser"]) == (2, "client", "curl 8")
    assert newest["changes"] == [{"field": "name", "old": "John Doe", "new": "Ada"}]
    assert inspector.own()["rev"] == 2


def test_update_over_a_socket_names_its_tab(inspector: Inspector, alone: Browser) -> None:
    with Tab(alone.server, alone) as other:
        other.server_update()
        wait_until(lambda: inspector.changes[0]["cause"] == "server")
        wait_until(lambda: inspector.changes[0]["tab"] in inspector.tabs)


def test_update_over_http_names_the_tab_of_its_header(inspector: Inspector, alone: Browser) -> None:
    alone.update({"name": "Ada"}, headers={"X-Auth-Tab": "k7m2"})
    wait_until(lambda: inspector.changes[0]["tab"] == "k7m2")


@pytest.mark.parametrize("name", ["", "k7m", "k7m2x", "K7M2", "k7m0", "<b>x", "\u00e9\u00e9"])
def test_invalid_tab_name_is_ignored(inspector: Inspector, alone: Browser, name: str) -> None:
    alone.update({"name": f"Ada {name!a}"}, headers={"X-Auth-Tab": name.encode()})
    wait_until(lambda: inspector.own()["rev"] == 2)
    assert inspector.changes[0]["tab"] == ""


def test_open_tabs_are_counted_as_they_come_and_go(inspector: Inspector, alone: Browser) -> None:
    assert len(inspector.tabs) == 1
    with Tab(alone.server, alone), Tab(alone.server, alone):
        wait_until(lambda: len(inspector.tabs) == 3)
    wait_until(lambda: len(inspector.tabs) == 1)


def test_change_by_another_browser_is_shown_at_once(inspector: Inspector, server: Server) -> None:
    phone = Browser(server)
    phone.log_in()
    wait_until(lambda: len(inspector.others()) == 1)
    csrf = {"csrfToken": phone.csrf(), "data": {"name": "On the Phone"}}
    phone.post("/api/auth/session", json=csrf)
    wait_until(lambda: inspector.changes[0]["changes"][0]["new"] == "On the Phone")
    assert inspector.changes[0]["current"] is False
    phone.log_out()
    wait_until(lambda: inspector.others() == [])


def test_burst_of_updates_ends_with_the_newest(inspector: Inspector, alone: Browser) -> None:
    for number in range(30):
        alone.update({"name": f"Ada {number}"})
    wait_until(lambda: inspector.own()["rev"] == 31)
    assert [step["rev"] for step in inspector.changes] == list(range(31, 0, -1))


def test_inspector_shows_no_sessions_of_others(inspector: Inspector, jane: Browser) -> None:
    jane.update({"name": "Secretly Jane"})
    with Tab(jane.server, jane) as tab:
        theirs = Inspector(tab)
        wait_until(lambda: theirs.sessions)
        tab.server_update()
        wait_until(lambda: theirs.changes[0]["cause"] == "server")
    assert "Secretly Jane" not in inspector.tab.received()
    assert len(inspector.sessions) == 1


def test_inspector_shows_no_credential(inspector: Inspector, alone: Browser) -> None:
    phone = Browser(alone.server)
    phone.log_in()
    wait_until(inspector.others)
    said = inspector.tab.received()
    for browser in (alone, phone):
        claims = browser.get("/api/auth/token").json()["claims"]
        assert claims["sid"] not in said
        assert browser.cookies[SESSION].rpartition(".")[2] not in said
    phone.log_out()


def test_anonymous_visitor_gets_no_inspector_state(inspector: Inspector, server: Server) -> None:
    with Tab(server) as tab:
        anonymous = Inspector(tab)
        tab.call(f"{DEVTOOLS_STATE}.watch")
        tab.call(f"{DEVTOOLS_STATE}.leave")
        assert anonymous.sessions == []
    assert inspector.sessions


def test_inspector_of_an_ended_session_gets_no_more(inspector: Inspector, alone: Browser) -> None:
    alone.log_out()
    wait_until(lambda: inspector.tab.status == "unauthenticated")
    wait_until(lambda: inspector.sessions == [] and inspector.changes == [])


def test_inspector_that_was_left_gets_no_more(inspector: Inspector, alone: Browser) -> None:
    inspector.tab.call(f"{DEVTOOLS_STATE}.leave")
    wait_until(lambda: inspector.sessions == [])
    alone.update({"name": "Ada"})
    wait_until(lambda: inspector.tab.name == "Ada")
    assert inspector.changes == []


def test_inspector_gets_nothing_while_its_tab_is_closed(alone: Browser) -> None:
    with Tab(alone.server, alone, path="/inspector") as tab:
        closed = Inspector(tab)
        wait_until(lambda: closed.tabs)
    written = len(alone.server.logged())
    with Tab(alone.server, alone, path="/inspector") as tab:
        inspector = Inspector(tab)
        for rev in range(2, 6):
            alone.update({"name": f"Ada {rev}"})
            wait_until(lambda rev=rev: inspector.sessions and inspector.own()["rev"] == rev)
    assert "disconnected client" not in alone.server.logged()[written:]


def test_reconnected_socket_goes_on_watching(alone: Browser) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(Tab(alone.server, alone, path="/inspector"))
        before = Inspector(first)
        wait_until(lambda: before.sessions)
        name = first.var(*TAB_NAME)
    with Tab(alone.server, alone, token=first.token, path="/inspector") as again:
        alone.update({"name": "Ada"})
        wait_until(lambda: again.name == "Ada")
        wait_until(lambda: json.dumps(again.var(DEVTOOLS_STATE, "changes") or []).count("Ada"))
        assert again.var(*TAB_NAME) == name
