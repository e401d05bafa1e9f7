"""What the log and the visitor get of an unexpected exception."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from authdemo.testing import wait_until
from tests.e2e.visitor import Visitor, click, is_connected
from tests.guards.conftest import with_pages_of
from tests.guards.test_in_chromium import chromium
from tests.support import apps
from tests.support.browser import Browser
from tests.support.server import Server

__all__ = ["chromium"]


@pytest.fixture(scope="module")
def faulty_app(app: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same app, whose log may hold complaints."""
    folder = with_pages_of(app, tmp_path_factory.mktemp("faulty"))
    with apps.serving_built(folder, {}) as server:
        yield server


def has_forged_line(log: str) -> bool:
    return "\x1b" in log or re.search(r"^forged", log, re.MULTILINE) is not None


def test_exception_of_a_handler_is_a_toast_and_is_logged_with_file_and_line(
    faulty_app: Server, chromium: Chromium
) -> None:
    with Visitor.with_own_browser(chromium, faulty_app.url) as visitor:
        tab = visitor.open("/helpers")
        is_connected(tab)
        click(tab, "stumble")
        expect(tab.locator("[data-sonner-toast]")).to_contain_text("That did not work. Try again.")
        assert "a bug" not in tab.content()
    wait_until(lambda: "RuntimeError: a bug" in faulty_app.logged())
    assert re.search(r'my_app/my_app\.py", line \d+, in stumble', faulty_app.logged())
    assert not has_forged_line(faulty_app.logged())


def test_exception_of_an_own_route_is_logged_in_escaped_lines(faulty_app: Server) -> None:
    assert Browser(faulty_app).get("/api/broken?name=eve%1b[2J%0Aforged").status_code == 500
    wait_until(lambda: "RuntimeError: a bug for eve" in faulty_app.logged())
    assert not has_forged_line(faulty_app.logged())
