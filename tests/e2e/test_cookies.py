"""A browser that keeps no cookies gets a message, and one that lost them can try again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser import launch_options
from tests.e2e.visitor import Visitor, is_connected
from tests.support.server import Server

REJECTED = re.compile("status of 40[13]")
NEEDED = {
    "en-GB": (
        "Log In",
        "Your browser sent no cookies. Allow cookies for this site and try again.",
    ),
    "zh-CN": ("登录", "你的浏览器没有发送 Cookie。请允许本网站使用 Cookie，然后重试。"),
}
BLOCKED = {"profile": {"default_content_setting_values": {"cookies": 2}}}
"""What Chromium's own setting to block all cookies writes into a profile."""


def send_without_cookies(route: Route) -> None:
    route.request.frame.page.context.clear_cookies()
    route.continue_()


@pytest.mark.parametrize("locale", NEEDED)
def test_sign_in_page_says_that_cookies_are_needed_where_they_are_blocked(
    app: Server, chromium: Browser, tmp_path: Path, locale: str
) -> None:
    button, needed = NEEDED[locale]
    preferences = tmp_path / "Default" / "Preferences"
    preferences.parent.mkdir()
    preferences.write_text(json.dumps(BLOCKED))
    context = chromium.browser_type.launch_persistent_context(
        tmp_path, locale=locale, **launch_options()
    )
    visitor = Visitor(context, app.url)
    tab = visitor.open("/login?callbackUrl=/client")
    if tab.evaluate("navigator.cookieEnabled"):
        context.route("**", send_without_cookies)  # a headless shell doesn't know the setting
    for _ in range(2):
        is_connected(tab)
        visitor.log_in(tab, button=button)
        expect(tab.get_by_role("alert").filter(has_text=needed)).to_be_visible()
        tab.wait_for_url(re.compile("error=RequestRejected&code=cookies"))
    assert "callbackUrl=%2Fclient" in tab.url
    context.close()


def test_sign_in_after_cookies_were_cleared_says_so_and_then_works(visitor: Visitor) -> None:
    visitor.tolerates(REJECTED)
    tab = visitor.open("/login?callbackUrl=/client")
    is_connected(tab)
    visitor.context.clear_cookies()
    visitor.log_in(tab)
    said = "Your browser's cookies changed during the login. Log in again."
    expect(tab.get_by_role("alert").filter(has_text=said)).to_be_visible()
    is_connected(tab)
    visitor.log_in(tab)
    tab.wait_for_url(visitor.url + "/client")
