"""Guards in development mode, where another server hands the pages to anybody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from authdemo.testing import wait_until
from tests.browser import launched
from tests.e2e.visitor import Visitor, click, is_connected
from tests.guards.conftest import clock_of, copied, file_a_will
from tests.support import apps
from tests.support.server import Server

EVAL = "allow_eval=True"
FRAMES = 'csp={"frame-src": ["https://maps.example"]}'


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, in development mode; its log may hold reports of violations."""
    with apps.developing_in_trouble(copied(tmp_path_factory.mktemp("developing"))) as server:
        yield server
        assert [
            each for each in server.complaints() if EVAL not in each and FRAMES not in each
        ] == []


@pytest.fixture
def later(app: Server) -> Iterator[Callable[[float], None]]:
    """Set the app's clock forward."""
    yield from clock_of(app)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as chromium:
        yield chromium


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


def test_page_of_another_role_leads_to_the_403_page(ada: Visitor) -> None:
    tab = ada.open("/council")
    tab.wait_for_url(ada.url + "/refused")
    expect(tab.get_by_role("heading")).to_have_text("No permission")
    expect(tab.get_by_role("alert")).to_have_text("You don't have permission to see this page.")
    tab.get_by_role("link", name="Go to the home page").click()
    expect(tab.get_by_role("heading")).to_have_text("Members only")


def test_fresh_page_asks_for_the_password_first(
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


def test_policy_only_reports_and_names_each_setting_once(app: Server, chromium: Browser) -> None:
    with Visitor.with_own_browser(chromium, app.url) as visitor:
        tab = visitor.open("/helpers")
        is_connected(tab)
        for _ in range(2):
            click(tab, "write_code")
            click(tab, "page_praise")
        expect(tab.locator("[data-sonner-toast]")).to_have_count(2)
        tab.goto(app.url + "/abroad")
        tab.goto(app.url + "/abroad")
        for setting in (EVAL, FRAMES):
            wait_until(lambda setting=setting: tab.evaluate("1") and said(visitor, setting))
            wait_until(lambda setting=setting: setting in app.logged())
            assert len([line for line in app.logged().splitlines() if setting in line]) == 1
        assert len(said(visitor, EVAL)) == 1
        assert all("would forbid this in production" in text for text in said(visitor, FRAMES))


def said(visitor: Visitor, setting: str) -> list[str]:
    """Find what the console says of a setting."""
    return [text for text in visitor.console if setting in text]


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


@pytest.mark.parametrize(
    ("locale", "text"), [("en-US", "which isn't an address"), ("zh-CN", "它不是")]
)
def test_page_at_another_origin_says_that_it_is_not_the_apps(
    app: Server, chromium: Browser, locale: str, text: str
) -> None:
    elsewhere = app.url.replace("localhost", "machine.localhost")
    with Visitor.with_own_browser(chromium, elsewhere, locale) as visitor:
        tab = visitor.open("/about")
        notice = tab.get_by_role("alert").filter(has_text=elsewhere)
        expect(notice).to_contain_text(text, timeout=60_000)


def test_page_of_the_app_says_nothing_of_its_origin(ada: Visitor) -> None:
    tab = ada.open("/about")
    is_connected(tab)
    expect(tab.get_by_role("alert").filter(has_text="isn't an address")).to_have_count(0)
