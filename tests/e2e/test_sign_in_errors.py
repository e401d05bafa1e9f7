"""The sign-in page tells everybody what went wrong, and holds nobody up who is signed in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Request, expect

from tests.e2e.visitor import Visitor, click, is_connected
from tests.support.browser import Browser
from tests.support.server import Server

REFUSED = "/login?error=AccessDenied&callbackUrl=/client"


@pytest.fixture
def john(app: Server, visitor: Visitor) -> Browser:
    """The visitor's own cookies, outside of Chromium: John is signed in."""
    john = Browser(app)
    john.log_in()
    visitor.keep(john.cookies)
    return john


def test_a_member_sees_why_a_sign_in_was_refused_and_finds_back(
    john: Browser, visitor: Visitor
) -> None:
    tab = visitor.open(REFUSED)
    is_connected(tab)
    expect(tab.get_by_role("alert")).to_have_text("You can't sign in here.")
    assert john.update({"name": "Renamed"}).status_code == 200
    home_link = tab.get_by_role("link", name="Go to the home page")
    expect(home_link).to_be_visible()
    assert tab.url == visitor.url + REFUSED
    home_link.click()
    tab.wait_for_url(visitor.url + "/")


def test_a_tab_with_an_old_error_goes_on_when_another_signs_in(visitor: Visitor) -> None:
    waiting, tab = visitor.open(REFUSED), visitor.open("/login")
    for each in (waiting, tab):
        is_connected(each)
    expect(waiting.get_by_role("link", name="Go to the home page")).to_have_count(0)
    visitor.log_in(tab)
    waiting.wait_for_url(visitor.url + "/client")
    visitor.is_live(waiting)


def test_tab_whose_session_was_ended_says_so_and_finds_back(
    john: Browser, visitor: Visitor
) -> None:
    tab, other = visitor.open("/client"), visitor.open("/")
    for each in (tab, other):
        visitor.is_live(each)
    john.revoke(id=next(each["id"] for each in john.sessions() if each["current"]))
    for each in (tab, other):
        each.wait_for_url(re.compile("/login.*error=SessionRequired"))
        is_connected(each)
        told = each.get_by_role("alert").filter(has_text="Your session has ended. Log in again.")
        expect(told).to_be_visible()
    visitor.log_in(tab)
    tab.wait_for_url(visitor.url + "/client")
    other.wait_for_url(visitor.url + "/")


def test_tab_shows_no_message_after_a_log_out_in_another(visitor: Visitor) -> None:
    tab, other = visitor.logged_in("/client"), visitor.open("/")
    visitor.is_live(other)
    click(other, "Log Out")
    tab.wait_for_url("**/login?callbackUrl=/client")
    is_connected(tab)
    expect(tab.get_by_role("alert").filter(has_text="session")).to_have_count(0)


@pytest.mark.parametrize("clicks", [2, 5])
def test_clicks_on_log_in_without_a_pause_are_one_sign_in(
    app: Server, visitor: Visitor, clicks: int
) -> None:
    tab = visitor.open("/login?callbackUrl=/client")
    is_connected(tab)
    requests: list[Request] = []
    tab.on("request", lambda each: requests.append(each))  # noqa: PLW0108 - Playwright marks it
    refused = app.audited(reason="TicketRejected")
    tab.get_by_label("Id", exact=True).fill("john_doe")
    tab.get_by_label("Password", exact=True).fill("tutorial")
    button = tab.get_by_role("button", name="Log In", exact=True)
    expect(button).to_be_enabled()
    button.click(click_count=clicks)
    tab.wait_for_url(visitor.url + "/client")
    visitor.is_live(tab)
    posted = [each.url for each in requests if each.method == "POST"]
    assert posted == [visitor.url + "/api/auth/ticket"]
    loaded = [each.url for each in requests if each.resource_type == "document"]
    assert loaded == [visitor.url + "/client"]
    assert app.audited(reason="TicketRejected") == refused


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_password_field_hides_its_text_and_takes_pasted_text(visitor: Visitor, path: str) -> None:
    """ASVS 6.2.6 and 6.2.7."""
    tab = visitor.open(path)
    is_connected(tab)
    field, other = tab.locator("[name=password]"), tab.locator("[name=id]")
    expect(field).to_have_attribute("type", "password")
    expect(field).to_have_attribute("autocomplete", re.compile("(current|new)-password"))
    other.fill("a bird in a gilded cage")
    other.press("ControlOrMeta+a")
    other.press("ControlOrMeta+c")
    field.press("ControlOrMeta+v")
    expect(field).to_have_value("a bird in a gilded cage")
