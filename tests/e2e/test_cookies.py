"""A browser that keeps no cookies is told so, and one that lost them can try again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect

from tests.e2e.visitor import Visitor, is_connected
from tests.support.server import Server

REFUSED = re.compile("status of (401|403)")
NEEDED = {
    "en": "Your browser sent no cookies. Allow cookies for this site and try again.",
    "zh": "你的浏览器没有发送 Cookie。请允许本网站使用 Cookie，然后重试。",
}


def without_cookies(route: Route) -> None:
    """Answer as the server does, to a browser that neither keeps nor sends cookies."""
    headers = {name: value for name, value in route.request.headers.items() if name != "cookie"}
    answer = route.fetch(headers=headers, max_redirects=0)
    kept = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
    route.fulfill(response=answer, headers=kept)


@pytest.mark.parametrize(("locale", "button"), [("en", "Log In"), ("zh", "登录")])
def test_sign_in_page_says_that_cookies_are_needed(
    app: Server, chromium: Browser, locale: str, button: str
) -> None:
    context: BrowserContext = chromium.new_context(locale=locale)
    visitor = Visitor(context, app.url)
    context.route("**/api/auth/**", without_cookies)
    context.route("**/login**", without_cookies)
    tab = visitor.open("/login?callbackUrl=/client")
    for _ in range(2):
        is_connected(tab)
        context.clear_cookies()
        visitor.log_in(tab, button=button)
        expect(tab.get_by_role("alert").filter(has_text=NEEDED[locale])).to_be_visible()
    assert "callbackUrl=/client" in tab.url
    context.close()


def test_sign_in_after_cookies_were_cleared_says_so_and_then_works(visitor: Visitor) -> None:
    visitor.tolerated.append(REFUSED)
    tab = visitor.open("/login?callbackUrl=/client")
    is_connected(tab)
    visitor.context.clear_cookies()
    visitor.log_in(tab)
    said = "Your browser's cookies changed while you logged in. Log in again."
    expect(tab.get_by_role("alert").filter(has_text=said)).to_be_visible()
    is_connected(tab)
    visitor.log_in(tab)
    tab.wait_for_url(visitor.url + "/client")
