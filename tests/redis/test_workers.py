"""Two workers on one Redis: whichever holds a tab, all see the same session."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from authdemo.testing import wait_until
from tests.redis.workers import pids, tabs_on_both
from tests.support.browser import Browser
from tests.support.crowd import update_two_fields_at_once
from tests.support.redis import Redis
from tests.support.server import Server, running
from tests.support.tab import HOME_STATE, SESSION_STATE, Tab

BY_ANY_WORKER = {"Connection": "close"}
ENDS: dict[str, Callable[[Browser, Browser], httpx.Response]] = {
    "signed out": lambda own, _: own.log_out(),
    "revoked": lambda own, _: own.revoke(all=True),
    "revoked elsewhere": lambda _, other: other.revoke(others=True),
}


def test_two_workers_serve(server: Server) -> None:
    assert len(pids(server)) == 2


def test_update_by_http_through_any_worker_reaches_the_tabs_of_both(john: Browser) -> None:
    with tabs_on_both(john.server, john) as tabs:
        for number in range(10):
            name = f"Name {number}"
            assert john.update({"name": name}, headers=BY_ANY_WORKER).status_code == 200
            wait_until(lambda name=name: {tab.name for tab in tabs} == {name})


def test_update_by_the_server_in_any_tab_reaches_the_tabs_of_both(john: Browser) -> None:
    with tabs_on_both(john.server, john) as tabs:
        for tab in tabs:
            john.update({"name": "Before"}, headers=BY_ANY_WORKER)
            wait_until(lambda: {tab.name for tab in tabs} == {"Before"})
            tab.server_update()
            wait_until(lambda: {tab.name for tab in tabs} == {"Serverserver-man"})


def test_signing_out_ends_the_session_in_the_tabs_of_both(john: Browser) -> None:
    thief = john.copy()
    with tabs_on_both(john.server, john) as tabs:
        assert john.log_out().status_code == 200
        wait_until(lambda: {tab.status for tab in tabs} == {"unauthenticated"})
        wait_until(lambda: all(tab.var(SESSION_STATE, "redirect_url") for tab in tabs))
    answers = [thief.get("/api/auth/session", headers=BY_ANY_WORKER) for _ in range(10)]
    assert [answer.json() for answer in answers] == [None] * 10


def test_revocation_on_one_device_reaches_the_other_ones_tabs(
    john: Browser, other_browser: Browser
) -> None:
    other_browser.log_in()
    with tabs_on_both(john.server, john) as tabs:
        sid = next(one["id"] for one in other_browser.sessions() if not one["current"])
        other_browser.revoke(id=sid)
        wait_until(lambda: {tab.status for tab in tabs} == {"unauthenticated"})


def test_ticket_is_redeemed_by_any_worker_once(server: Server) -> None:
    for _ in range(6):
        browser = Browser(server)
        browser.csrf()
        with Tab(server, browser, path="/login") as tab:
            ticket = tab.log_in()
        assert ticket
        first, second = (_redeem(browser, ticket) for _ in range(2))
        assert (first, second) == (200, 401)


def test_expired_session_is_shown_in_idle_tabs_of_both(redis: Redis, tmp_path: Path) -> None:
    settings = {"REFLEX_REDIS_URL": redis.url, "WORKERS": "2", "AUTH_SESSION_MAX_AGE": "5"}
    with running(tmp_path, **settings) as server:
        browser = Browser(server)
        browser.log_in()
        with tabs_on_both(server, browser) as tabs:
            wait_until(lambda: {tab.status for tab in tabs} == {"unauthenticated"})


def test_concurrent_updates_are_not_lost(john: Browser) -> None:
    update_two_fields_at_once(john, 200, headers=BY_ANY_WORKER)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_socket_of_an_ended_session_does_nothing_after_a_tenth_of_a_second(
    john: Browser, other_browser: Browser, end: Callable[[Browser, Browser], httpx.Response]
) -> None:
    other_browser.log_in()
    with tabs_on_both(john.server, john) as tabs:
        assert end(john.copy(), other_browser).status_code == 200
        due = time.monotonic() + 0.1
        wait_until(lambda: time.monotonic() >= due, interval=0.001)
        for tab in tabs:
            tab.server_update()
        wait_until(lambda: {tab.status for tab in tabs} == {"unauthenticated"})
        wait_until(lambda: all(refused_as(tab) == "NotAuthenticated" for tab in tabs))
        assert not any("Serverserver-man" in tab.received() for tab in tabs)
    assert john.session() is None


def refused_as(tab: Tab) -> str:
    error = tab.var(HOME_STATE, "error") or {}
    return str(error.get("code", ""))


def _redeem(browser: Browser, ticket: str) -> int:
    body = {"csrfToken": browser.csrf(), "ticket": ticket}
    answer = browser.post("/api/auth/ticket", json=body, headers=BY_ANY_WORKER)
    return answer.status_code
