"""What a page says when its server is gone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import WebSocketRoute, expect

from authdemo.testing import wait_until
from tests.browser import new_context
from tests.e2e.visitor import Visitor, field_of
from tests.support.browser import Browser
from tests.support.server import Server


@pytest.mark.parametrize("is_closed", [True, False], ids=["closed", "silent"])
def test_a_page_says_that_no_connection_can_be_made(
    app: Server, chromium: Chromium, *, is_closed: bool
) -> None:
    tried: list[WebSocketRoute] = []

    def stand_in(socket: WebSocketRoute) -> None:
        tried.append(socket)
        if is_closed:
            socket.close()

    with Visitor.with_own_browser(chromium, app.url) as visitor:
        visitor.context.route_web_socket("**/_event/**", stand_in)
        visitor.context.clock.install()
        tab = visitor.open("/login")
        wait_until(lambda: tab.evaluate("true") and tried)
        expect(tab.get_by_role("button", name="Sign in with a passkey")).to_be_disabled()
        notice = tab.get_by_text("The server can't be reached.")
        expect(notice).not_to_be_attached()

        def appears_later() -> bool:  # the page may begin to wait only after the first look
            tab.clock.fast_forward(10_000)
            return notice.is_visible()

        wait_until(appears_later)


def test_a_page_that_is_connected_says_nothing_of_it(visitor: Visitor) -> None:
    visitor.context.clock.install()
    tab = visitor.logged_in("/client")
    tab.clock.fast_forward(60_000)
    tab.get_by_role("button", name="Client Side Update").click()
    expect(field_of(tab, "name")).to_have_text("Client-Man")
    expect(tab.get_by_role("alert").filter(has_text="connection")).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "path", "text"),
    [
        ("en-GB", "/login", "Without JavaScript, only signing in and out works here."),
        ("zh-CN", "/client", "没有 JavaScript 时，这里只能登录和退出登录。"),
        ("en-GB", "/forgot", "This page needs JavaScript. Enable it and reload the page."),
        ("zh-CN", "/register", "此页面需要 JavaScript。请启用后重新加载。"),
    ],
)
def test_page_says_what_needs_scripts(
    app: Server, chromium: Chromium, locale: str, path: str, text: str
) -> None:
    with new_context(chromium, java_script_enabled=False, locale=locale) as context:
        visitor, john = Visitor(context, app.url), Browser(app)
        john.log_in()
        if path == "/client":
            visitor.keep(john.cookies)
        expect(visitor.open(path).locator("noscript p")).to_have_text(text)
