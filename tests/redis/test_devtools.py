"""The overview is the same whichever worker serves it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from authdemo.testing import wait_until
from tests.redis.workers import holder, tabs_on_both
from tests.support.browser import Browser
from tests.support.devtools import Inspector
from tests.support.redis import Redis
from tests.support.server import running_in_trouble

FORGOTTEN_WITHIN = 25.0


def test_tabs_on_all_workers_are_counted(john: Browser) -> None:
    with tabs_on_both(john.server, john) as tabs:
        inspectors = [Inspector(tab) for tab in tabs]
        for inspector in inspectors:
            wait_until(lambda each=inspector: len(each.tabs) == len(tabs))
        names = {tuple(inspector.tabs) for inspector in inspectors}
        assert len(names) == 1


def test_update_by_one_worker_reaches_the_inspectors_of_all(john: Browser) -> None:
    with tabs_on_both(john.server, john) as tabs:
        inspectors = [Inspector(tab) for tab in tabs]
        tabs[0].server_update()
        for inspector in inspectors:
            wait_until(lambda each=inspector: each.changes and each.changes[0]["cause"] == "server")
        phone = Browser(john.server)
        phone.log_in()
        for inspector in inspectors:
            wait_until(lambda each=inspector: len(each.others()) >= 1)
        phone.log_out()


@pytest.mark.soak
@pytest.mark.usefixtures("redis")
def test_tabs_of_a_killed_worker_are_forgotten(tmp_path: Path, redis: Redis) -> None:
    workers = {"REFLEX_REDIS_URL": redis.url, "WORKERS": "2"}
    with running_in_trouble(tmp_path, **workers) as server:
        browser = Browser(server)
        browser.log_in()
        with tabs_on_both(server, browser) as tabs:
            by_worker = {tab: holder(server, tab.port) for tab in tabs}
            doomed = by_worker[tabs[0]]
            assert doomed
            survivors = [tab for tab, worker in by_worker.items() if worker != doomed]
            inspector = Inspector(survivors[0])
            wait_until(lambda: len(inspector.tabs) == len(tabs))
            os.kill(doomed, signal.SIGKILL)
            wait_until(lambda: len(inspector.tabs) == len(survivors), timeout=FORGOTTEN_WITHIN)
