"""Pages stay light, however much is built around them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser as Chromium

from tests.e2e.visitor import Visitor, is_connected
from tests.support.browser import Browser
from tests.support.server import Server
from tests.support.weight import Scales

LIMIT = 150_000


def loads(app: Server, chromium: Chromium, path: str) -> Scales:
    """Open a page in a browser that has seen nothing yet, and weigh all that it loads."""
    with Visitor.with_own_browser(chromium, app.url) as visitor:
        if path != "/login":
            visitor.keep(signed_in(app).cookies)
        tab = visitor.context.new_page()
        scales = Scales(tab)
        tab.goto(app.url + path)
        is_connected(tab)
        scales.settle()
        return scales


def signed_in(app: Server) -> Browser:
    browser = Browser(app)
    browser.log_in()
    return browser


@pytest.mark.parametrize("path", ["/login", "/", "/client"])
def test_a_page_is_light(app: Server, chromium: Chromium, path: str) -> None:
    scales = loads(app, chromium, path)
    assert len(scales.bytes_of) > 5
    assert scales.total < LIMIT, scales.bytes_of


@pytest.mark.parametrize(
    ("path", "has_chart"),
    [("/login", False), ("/", False), ("/client", False), ("/inspector", True)],
)
def test_only_the_page_with_the_chart_loads_what_draws_charts(
    app: Server, chromium: Chromium, path: str, *, has_chart: bool
) -> None:
    browser = signed_in(app)
    scripts = [url for url in loads(app, chromium, path).bytes_of if url.endswith(".js")]
    texts = [browser.get(url.removeprefix(app.url)).text for url in scripts]
    assert texts
    assert any("recharts" in text for text in texts) is has_chart
