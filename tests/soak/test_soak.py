"""A busy while: what the server holds afterwards is what it held before."""

from __future__ import annotations

import itertools
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from authdemo.testing import wait_until
from tests.redis.workers import pids
from tests.support.browser import Browser
from tests.support.crowd import Crowd, Life
from tests.support.server import Server, running
from tests.support.tab import Tab

SECONDS = float(os.environ.get("SOAK_SECONDS", "120"))
WARM_UP = 0.25
MOST_GROWTH = 24 * 2**20
"""Bytes that a worker may take more at the end than after the first quarter of the time."""
MOST_IDLE = 20
"""Connections that the tests' own client keeps open."""
MOST_POOLED = 2 * 20
"""Connections that two workers keep open to Redis, for the next time that they need so many."""
MEMBERS = 5
TOKENS = [str(uuid.uuid4()) for _ in range(4 * MEMBERS)]


@pytest.fixture(params=["embedded", pytest.param("redis", marks=pytest.mark.soak)])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server of its own, whose log must hold no complaint."""
    environ = {}
    if request.param == "redis":
        url = request.getfixturevalue("redis").url
        environ = {"REFLEX_REDIS_URL": url, "WORKERS": "2"}
    with running(tmp_path, **environ) as server:
        yield server


@pytest.mark.parametrize("seconds", [4, pytest.param(SECONDS, marks=pytest.mark.soak)])
def test_after_a_busy_while_nothing_is_lost_and_nothing_is_left(
    busy: Server, seconds: float
) -> None:
    files = open_files(busy)
    members = [Life(busy) for _ in range(MEMBERS)]
    lives = lives_of_a_busy_while(busy, members, seconds * WARM_UP)
    before = memory(busy)
    lives += lives_of_a_busy_while(busy, members, seconds * (1 - WARM_UP))
    for life in members + lives[-100:]:
        life.is_kept(busy)
    assert max(memory(busy)[pid] - before[pid] for pid in before) < MOST_GROWTH
    wait_until(lambda: open_files(busy) <= files + MOST_IDLE + MOST_POOLED)


def lives_of_a_busy_while(server: Server, members: list[Life], seconds: float) -> list[Life]:
    deadline = time.monotonic() + seconds

    def again_and_again(act: Callable[[Life, int], None]) -> None:
        for number in itertools.count():
            if time.monotonic() > deadline:
                return
            act(members[number % MEMBERS], number)

    acts = (come_and_go, look_around, guess_a_password)
    with Crowd(server, loners=2) as crowd, ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(again_and_again, acts))
    return crowd.lives


def come_and_go(member: Life, number: int) -> None:
    token = TOKENS[number % len(TOKENS)]
    with Tab(member.browser.server, member.browser.copy(), token=token) as tab:
        assert tab.status == "authenticated"
        name = f"Visit {number}"
        assert member.rename(name) == 200
        wait_until(lambda: tab.name == name)


def look_around(member: Life, number: int) -> None:
    browser = member.browser.copy()
    for path in ("/", "/client", "/api/auth/session", "/api/auth/sessions", "/api/auth/csrf"):
        assert browser.get(path).status_code == 200
    assert Browser(browser.server).get("/").status_code == 303


def guess_a_password(member: Life, number: int) -> None:
    other = Browser(member.browser.server)
    assert other.log_in(f"nobody-{number}", "guess").status_code == 401


def memory(server: Server) -> dict[int, int]:
    """Measure how many bytes of memory each worker takes."""
    return {pid: _resident(pid) for pid in pids(server)}


def open_files(server: Server) -> int:
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids(server))


def _resident(pid: int) -> int:
    found = re.search(r"^VmRSS:\s*(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024
