"""Pages stay light, however much is built around them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from playwright.sync_api import Browser as Chromium

from tests.e2e.visitor import Visitor, is_connected
from tests.support.browser import Browser
from tests.support.server import Server
from tests.support.weight import Scales

LIMIT = 150_000


@pytest.fixture(scope="module")
def load(app: Server, chromium: Chromium) -> Callable[[str], dict[str, int]]:
    """Open a page once, in a browser without a cache, and weigh all that it loads."""

    @cache
    def load(path: str) -> dict[str, int]:
        with Visitor.with_own_browser(chromium, app.url) as visitor:
            if path != "/login":
                visitor.keep(signed_in(app).cookies)
            tab = visitor.context.new_page()
            scales = Scales(tab)
            tab.goto(app.url + path)
            is_connected(tab)
            scales.settle()
            return scales.bytes_of

    return load


def signed_in(app: Server) -> Browser:
    browser = Browser(app)
    browser.log_in()
    return browser


@pytest.mark.parametrize("path", ["/login", "/", "/client"])
def test_a_page_is_light(load: Callable[[str], dict[str, int]], path: str) -> None:
    bytes_of = load(path)
    assert len(bytes_of) > 5
    assert sum(bytes_of.values()) < LIMIT, bytes_of
