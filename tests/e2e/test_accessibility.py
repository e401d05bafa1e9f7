"""Everybody can use the pages, in any light and on any screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ViewportSize

from tests.audit.axe import findings
from tests.e2e.visitor import Visitor, is_connected
from tests.support.browser import Browser
from tests.support.server import Server

PAGES = ("/login", "/", "/client", "/inspector", "/account", "/admin", "/nowhere")


@pytest.fixture(scope="module")
def jane_everywhere(app: Server) -> dict[str, str]:
    """The cookies of an administrator, who may see every page."""
    browser = Browser(app)
    browser.log_in("jane_admin")
    return browser.cookies


@pytest.fixture(params=[390, 1280], ids="{} px".format)
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(params=["light", "dark"])
def visitor(
    request: pytest.FixtureRequest, app: Server, chromium: Chromium, width: int
) -> Iterator[Visitor]:
    """Somebody whose browser prefers a light, on a screen of some width, and lets axe in."""
    context = chromium.new_context(
        bypass_csp=True, color_scheme=request.param, viewport=ViewportSize(width=width, height=800)
    )
    yield Visitor(context, app.url)
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(visitor: Visitor, jane_everywhere: dict[str, str], path: str) -> None:
    if path != "/login":
        visitor.keep(jane_everywhere)
    tab = visitor.open(path)
    if path != "/nowhere":
        is_connected(tab)
    tab.wait_for_load_state("networkidle")
    assert findings(tab) == []
