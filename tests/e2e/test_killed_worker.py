"""An open page whose worker is killed finds another one by itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from authdemo.testing import wait_until
from authdemo.testing.browser import SESSION
from tests.e2e.visitor import Visitor, field_of
from tests.redis.workers import pids, serving
from tests.support.browser import Browser
from tests.support.redis import Redis
from tests.support.server import Server, running_in_trouble


@pytest.fixture
def shared(tmp_path_factory: pytest.TempPathFactory, redis: Redis) -> Iterator[Server]:
    """The app with two workers."""
    folder = tmp_path_factory.mktemp("two-workers")
    with running_in_trouble(folder, REFLEX_REDIS_URL=redis.url, WORKERS="2") as server:
        yield server


def test_a_page_goes_on_with_another_worker_and_shows_what_it_missed(
    shared: Server, chromium: Chromium
) -> None:
    """Each worker is killed in its turn, so one of them is the page's."""
    with Visitor.with_own_browser(chromium, shared.url) as visitor:
        page = visitor.logged_in("/client")
        elsewhere = Browser(shared)
        elsewhere.cookies = {SESSION: visitor.cookie()}
        for worker in pids(shared):
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda gone=worker: gone not in shared.children())
            name = f"Without {worker}"
            assert elsewhere.update({"name": name}).status_code == 200
            expect(field_of(page, "name")).to_have_text(name)
            wait_until(lambda gone=worker: len(serving(shared) - {gone}) == 2)
