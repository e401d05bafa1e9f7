"""Pages stay light, however much is built around them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import cache

import pytest
from playwright.sync_api import Browser as Chromium

from tests.e2e.visitor import Visitor, is_connected
from tests.support import apps
from tests.support.browser import Browser
from tests.support.server import ROOT, Server
from tests.support.weight import Scales

LIMIT = 140_000


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


LEAVE_OUT = """
import slimBuild from "./slim_build/vite.js";
const [, leftOut] = slimBuild();
leftOut.transform("export const other = 1;", "/an/app/.web/utils/state.js");
"""


@pytest.mark.usefixtures("app")
def test_build_stops_where_a_part_to_leave_out_is_missing() -> None:
    ended = subprocess.run(
        ["node", "--input-type=module", "--eval", LEAVE_OUT],
        cwd=ROOT / ".web",
        env=apps.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode != 0
    assert "leaves out evalReactComponent, which .web/utils/state.js doesn't have" in ended.stderr
