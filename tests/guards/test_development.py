"""Guards in development mode, where another server hands the pages to anybody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import launch_options
from tests.e2e.visitor import Visitor, is_connected
from tests.guards.conftest import clock_of, copied, file_a_will
from tests.support import apps
from tests.support.server import Server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, in development mode."""
    with apps.developing(copied(tmp_path_factory.mktemp("developing"))) as server:
        yield server


@pytest.fixture
def later(app: Server) -> Iterator[Callable[[float], None]]:
    """Set the app's clock forward."""
    yield from clock_of(app)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(**launch_options()) as browser,
    ):
        yield browser


@pytest.fixture
def ada(app: Server, chromium: Browser) -> Iterator[Visitor]:
    """A member, with a browser."""
    with Visitor.with_own_browser(chromium, app.url) as visitor:
        visitor.context.set_default_timeout(60_000)  # each page is built when it is first asked for
        tab = visitor.open("/login?callbackUrl=/about")
        is_connected(tab)
        visitor.log_in(tab, "ada", button="Log in")
        tab.wait_for_url(visitor.url + "/about")
        yield visitor
        visitor.saw_no_complaint()


def test_a_page_for_others_leads_to_a_page_that_says_so(ada: Visitor) -> None:
    tab = ada.open("/council")
    tab.wait_for_url(ada.url + "/refused")
    expect(tab.get_by_role("heading")).to_have_text("No permission")
    expect(tab.get_by_role("alert")).to_have_text("You don't have permission to see this page.")
    tab.get_by_role("link", name="Go to the home page").click()
    expect(tab.get_by_role("heading")).to_have_text("Members only")


def test_a_page_for_fresh_eyes_asks_for_the_password_first(
    ada: Visitor, later: Callable[[float], None]
) -> None:
    later(61)
    tab = ada.open("/sensitive")
    tab.wait_for_url("**/confirm?callbackUrl=/sensitive")
    is_connected(tab)
    tab.locator("[name=password]").fill("tutorial")
    tab.get_by_role("button", name="Confirm", exact=True).click()
    tab.wait_for_url(ada.url + "/sensitive")
    expect(tab.get_by_role("heading")).to_have_text("Not for stale eyes")


def test_a_file_brings_its_senders_cookie_to_the_other_server(ada: Visitor) -> None:
    tab = ada.open("/archive")
    is_connected(tab)
    file_a_will(tab)


def test_page_server_may_read_answers_that_caches_keep_apart(app: Server) -> None:
    places = json.loads((app.log.parent / ".web" / "env.json").read_text())
    host = places["PING"].removesuffix("/ping")
    with httpx.Client(base_url=host) as client:
        for path in ("/api/auth/providers", "/api/salaries", "/_upload"):
            for origin in (app.url, "http://localhost:1", ""):
                allowed = origin if origin == app.url else None
                headers = {"Origin": origin} if origin else {}
                answer = client.get(path, headers=headers)
                assert answer.headers.get("access-control-allow-origin") == allowed
                assert "Origin" in answer.headers["Vary"]
                answer = client.options(
                    path, headers=headers | {"Access-Control-Request-Method": "POST"}
                )
                assert answer.headers.get("access-control-allow-origin") == allowed
