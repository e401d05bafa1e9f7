"""A visitor signs in at the certified provider, through its own pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser import launch_options
from tests.e2e.visitor import Visitor, click, is_connected
from tests.support.server import Server

FONTS = re.compile("ERR_NAME_NOT_RESOLVED|ERR_INTERNET_DISCONNECTED|fonts.googleapis")
"""The provider's own pages ask for fonts from elsewhere, which there may not be."""


@pytest.fixture
def visitor(app: Server) -> Iterator[Visitor]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**launch_options())
        with Visitor.with_own_browser(chromium, app.url) as visitor:
            visitor.tolerates(FONTS)
            yield visitor
            visitor.saw_no_complaint()
        chromium.close()


def sign_in_at_the_provider(tab: Page, provider: str) -> None:
    is_connected(tab)
    click(tab, f"Log in with {provider}")
    tab.locator("[name=login]").fill("ada")
    tab.locator("[name=password]").fill("any")
    tab.get_by_role("button", name="Sign-in").click()
    tab.get_by_role("button", name="Continue").click()


def test_a_visitor_signs_in_at_the_provider_and_every_tab_follows(visitor: Visitor) -> None:
    tab, other = visitor.open("/"), visitor.open("/login")
    tab.wait_for_url("**/login?callbackUrl=/")
    is_connected(other)
    sign_in_at_the_provider(tab, "Honest")
    tab.wait_for_url(visitor.url + "/")
    expect(tab.get_by_role("heading")).to_have_text("Hello ada of the provider")
    expect(tab.locator("#user")).to_have_text("honest:ada")
    other.wait_for_url(visitor.url + "/")
    is_connected(other)
    click(other, "Log out")
    tab.wait_for_url("**/login?callbackUrl=/")


def test_a_visitor_who_cancels_at_the_provider_is_told_so(visitor: Visitor) -> None:
    tab = visitor.open("/login")
    is_connected(tab)
    click(tab, "Log in with Honest")
    tab.get_by_role("link", name="Cancel").click()
    tab.wait_for_url("**/login?error=AccessDenied*")
    expect(tab.get_by_role("alert")).to_have_text("The sign-in was cancelled.")


def test_who_signs_out_at_the_provider_too_is_asked_for_the_password_again(
    visitor: Visitor,
) -> None:
    tab = visitor.open("/login")
    sign_in_at_the_provider(tab, "Leaving")
    tab.wait_for_url(visitor.url + "/")
    is_connected(tab)
    other = visitor.open("/")
    is_connected(other)
    click(tab, "Log out")
    other.wait_for_url("**/login?callbackUrl=/")
    tab.get_by_role("button", name="Yes, sign me out").click()
    tab.wait_for_url(visitor.url + "/login?callbackUrl=/")
    is_connected(tab)
    click(tab, "Log in with Leaving")
    expect(tab.locator("[name=password]")).to_be_visible()
    assert "id_token" not in "".join(visitor.frames)
    assert not [frame for frame in visitor.frames if "eyJ" in frame]
