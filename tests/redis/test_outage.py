"""Redis goes and comes back: sessions wait for it, and nothing else does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.redis.workers import pids, tabs_on_both
from tests.support.browser import Browser
from tests.support.redis import Redis
from tests.support.server import Server, eventually

Outage = tuple[Callable[[Redis], None], Callable[[Redis], None]]
OUTAGES: dict[str, Outage] = {
    "gone": (Redis.kill, Redis.start),
    "silent": (Redis.freeze, Redis.thaw),
}
PATIENCE = 5


@pytest.fixture(params=OUTAGES.values(), ids=list(OUTAGES))
def outage(request: pytest.FixtureRequest, mortal: Redis) -> Iterator[tuple[ExitStack, ExitStack]]:
    """Two stacks: closing the first begins the outage, closing the second ends it."""
    begin, end = request.param
    before, after = ExitStack(), ExitStack()
    before.callback(begin, mortal)
    after.callback(end, mortal)
    yield before, after
    after.close()


@pytest.fixture
def member(tried: Server) -> Browser:
    browser = Browser(tried)
    eventually(lambda: browser.log_in().status_code == 200, within=10)
    return browser


def test_protected_requests_are_refused_soon_and_public_pages_live(
    outage: tuple[ExitStack, ExitStack], member: Browser
) -> None:
    workers = pids(member.server)
    before, after = outage
    before.close()
    for path, code in {"/api/auth/session": 503, "/": 503, "/login": 200}.items():
        for _ in range(3):
            began = time.monotonic()
            answer = member.get(path, headers={"Connection": "close"})
            assert answer.status_code == code, path
            assert time.monotonic() - began < PATIENCE, path
            assert code != 503 or "Try again" in answer.text
    assert Browser(member.server).get("/login").status_code == 200
    after.close()
    eventually(lambda: member.get("/api/auth/session").status_code == 200, within=PATIENCE)
    assert member.session()["user"]["name"] == "John Doe"
    assert pids(member.server) == workers


def test_open_tabs_go_on_when_it_is_back(
    outage: tuple[ExitStack, ExitStack], member: Browser
) -> None:
    before, after = outage
    with tabs_on_both(member.server, member) as tabs:
        before.close()
        assert member.get("/api/auth/session").status_code == 503
        after.close()
        eventually(lambda: member.get("/api/auth/session").status_code == 200, within=PATIENCE)
        assert member.update({"name": "After"}).status_code == 200
        eventually(lambda: {tab.name for tab in tabs} == {"After"}, within=20)
