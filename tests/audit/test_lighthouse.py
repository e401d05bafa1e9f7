"""Lighthouse has nothing to say against the pages.

How fast a page is depends on what else the machine does: the best of three runs counts,
and the first that is good enough ends them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from authdemo.testing import free_port
from tests.audit.lighthouse import Verdict, judge
from tests.browser import launch_options
from tests.e2e.visitor import Visitor
from tests.support.browser import Browser
from tests.support.server import Server

pytestmark = pytest.mark.audit

RUNS = 3
PERFECT = 100
FAST = 95


@pytest.fixture
def port() -> int:
    """Where the browser listens to Lighthouse."""
    return free_port()


@pytest.fixture
def profile(port: int, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser that Lighthouse can share, cookies and all."""
    options = launch_options()
    args = [*options.pop("args"), f"--remote-debugging-port={port}"]
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(tmp_path, args=args, **options)
        yield context
        context.close()


@pytest.mark.parametrize("path", ["/login", "/"])
def test_lighthouse_is_content(
    server: Server, browser: Browser, profile: BrowserContext, port: int, path: str
) -> None:
    if path != "/login":
        browser.log_in()
        Visitor(profile, server.url).keep(browser.cookies)
    verdict = best_of_three(server.url + path, port)
    assert verdict.scores["accessibility"] == PERFECT, verdict.faults
    assert verdict.scores["best-practices"] == PERFECT, verdict.faults
    assert verdict.scores["performance"] >= FAST, verdict.faults


def best_of_three(url: str, port: int) -> Verdict:
    verdicts: list[Verdict] = []
    while len(verdicts) < RUNS and not any(map(is_fast, verdicts)):
        verdicts.append(judge(url, port=port))
    return max(verdicts, key=lambda verdict: verdict.scores["performance"])


def is_fast(verdict: Verdict) -> bool:
    return verdict.scores["performance"] >= FAST
