"""A worker is killed: what it acknowledged holds, and the other one goes on meanwhile."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import httpx
import pytest
from simple_websocket import ConnectionClosed

from authdemo.testing import wait_until
from tests.redis.workers import connected, holder, pids, serving, tabs_on_both
from tests.support.browser import Browser
from tests.support.crowd import Crowd
from tests.support.server import Server
from tests.support.tab import Tab

BY_ANY_WORKER = {"Connection": "close"}
LONGEST_ANSWER = 5


@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.soak)])
def test_killed_worker_loses_no_update(tried: Server, rounds: int) -> None:
    for _ in range(rounds):
        with ExitStack() as stack:
            crowd = Crowd(tried, loners=2, headers=BY_ANY_WORKER)
            browser = crowd.shared.browser
            with crowd:
                tabs = stack.enter_context(tabs_on_both(tried, browser))
                tabs = after_a_worker_is_killed(tried, browser, tabs, stack)
            newest = browser.session()["user"]["name"]
            wait_until(lambda: {tab.name for tab in tabs} == {newest})  # noqa: B023
            for life in crowd.lives:
                life.is_kept(tried)


def after_a_worker_is_killed(
    server: Server, browser: Browser, tabs: list[Tab], stack: ExitStack
) -> list[Tab]:
    """Kill the first tab's worker, and open its tabs again."""
    holders = [holder(server, tab.port) for tab in tabs]
    victim = holders[0]
    survivor = next(pid for pid in holders if pid != victim)
    assert victim
    assert survivor
    with always_served(server, browser, by=survivor):
        os.kill(victim, signal.SIGKILL)
        opened = [
            stack.enter_context(opened_again(server, browser, tab)) if pid == victim else tab
            for tab, pid in zip(tabs, holders, strict=True)
        ]
        wait_until(lambda: len(serving(server) - {victim}) == 2)
    assert survivor in pids(server)
    return opened


def opened_again(server: Server, browser: Browser, tab: Tab) -> Tab:
    """Open a tab as Reflex's client does, which tries again if the dying worker takes it."""
    for _ in range(10):
        with suppress(OSError, ConnectionClosed):
            return Tab(server, browser, token=tab.token)
    raise AssertionError("no worker takes the tab")


@contextmanager
def always_served(server: Server, browser: Browser, *, by: int) -> Iterator[None]:
    """Read the session by one worker again and again; each answer must come soon."""
    has_ended = threading.Event()
    with connected(server, to=by) as (client, _), ThreadPoolExecutor(1) as pool:
        reading = pool.submit(longest_answer, client, browser, has_ended)
        try:
            yield
        finally:
            has_ended.set()
        assert reading.result() < LONGEST_ANSWER


def longest_answer(client: httpx.Client, browser: Browser, has_ended: threading.Event) -> float:
    longest = 0.0
    while not has_ended.is_set():
        began = time.monotonic()
        answer = client.get("/api/auth/session", headers={"Cookie": browser.cookie_header()})
        longest = max(longest, time.monotonic() - began)
        assert answer.json()["user"]["id"] == "john_doe"
    return longest
