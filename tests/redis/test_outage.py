"""Redis goes and comes back: sessions wait for it, and nothing else does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from authdemo.testing import wait_until
from tests.redis.workers import pids, tabs_on_both
from tests.support.browser import Browser
from tests.support.redis import Redis
from tests.support.server import Server, running_in_trouble
from tests.support.tab import Tab

Outage = Callable[[], AbstractContextManager[None]]
OUTAGES = {
    "gone": (Redis.kill, Redis.start),
    "silent": (Redis.freeze, Redis.thaw),
}
PROMISE = 5


@pytest.fixture(params=OUTAGES.values(), ids=list(OUTAGES))
def outage(request: pytest.FixtureRequest, mortal: Redis) -> Outage:
    begin, end = request.param

    @contextmanager
    def outage() -> Iterator[None]:
        begin(mortal)
        try:
            yield
        finally:
            end(mortal)

    return outage


@pytest.fixture
def member(tried: Server) -> Browser:
    browser = Browser(tried)
    wait_until(lambda: browser.log_in().status_code == 200)
    return browser


@pytest.mark.parametrize("times", [1, pytest.param(10, marks=pytest.mark.soak)])
def test_outage_stops_sessions_only_and_tabs_go_on_after_it(
    outage: Outage, member: Browser, times: int
) -> None:
    workers = pids(member.server)
    with tabs_on_both(member.server, member) as tabs:
        for number in range(times):
            name = f"After {number}"
            with outage():
                protected_requests_are_refused_soon_and_public_pages_live(member)
            wait_until(lambda: member.get("/api/auth/session").status_code == 200)
            assert member.session()["rev"] == number + 1
            assert member.update({"name": name}).status_code == 200
            wait_until(lambda name=name: {tab.name for tab in tabs} == {name})
    assert pids(member.server) == workers


def protected_requests_are_refused_soon_and_public_pages_live(member: Browser) -> None:
    for path, code in {"/api/auth/session": 503, "/": 503, "/login": 200}.items():
        for _ in range(2):
            began = time.monotonic()
            answer = member.get(path, headers={"Connection": "close"})
            assert answer.status_code == code, path
            assert time.monotonic() - began < PROMISE, path
            assert code != 503 or "Try again" in answer.text
    assert Browser(member.server).get("/login").status_code == 200


def test_app_starts_without_redis_and_serves_when_it_comes(tmp_path: Path) -> None:
    late = Redis(tmp_path)
    with running_in_trouble(tmp_path, REFLEX_REDIS_URL=late.url, WORKERS="2") as server:
        browser = Browser(server)
        assert browser.get("/login").status_code == 200
        assert browser.log_in().status_code == 503
        with late:
            wait_until(lambda: browser.log_in().status_code == 200)
            assert browser.session()["user"]["name"] == "John Doe"
            with tabs_on_both(server, browser) as tabs:
                browser.update({"name": "Late"})
                wait_until(lambda: {tab.name for tab in tabs} == {"Late"})


def test_workers_catch_up_on_missed_notices(mortal: Redis, member: Browser) -> None:
    """One session ends behind the app's back, and then all workers lose their connection."""
    with tabs_on_both(member.server, member) as tabs:
        mortal.ask("DEL", *mortal.ask("KEYS", "authdemo:session:*"))
        assert {tab.status for tab in tabs} == {"authenticated"}
        assert int(mortal.ask("CLIENT", "KILL", "TYPE", "pubsub")[0]) >= 2
        wait_until(lambda: {tab.status for tab in tabs} == {"unauthenticated"})


def test_tab_recovers_after_a_failed_event(outage: Outage, member: Browser) -> None:
    with Tab(member.server, member) as tab:
        with outage():
            tab.server_update()
            assert member.get("/api/auth/session").status_code == 503
        wait_until(lambda: member.get("/api/auth/session").status_code == 200)
        tab.server_update()
        wait_until(lambda: tab.name == "Serverserver-man")
