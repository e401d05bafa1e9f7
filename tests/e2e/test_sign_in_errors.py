"""The sign-in page tells everybody what went wrong, and holds nobody up who is signed in."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.visitor import Visitor, is_connected
from tests.support.browser import Browser
from tests.support.server import Server

REFUSED = "/login?error=AccessDenied&callbackUrl=/client"


def test_a_member_sees_why_a_sign_in_was_refused_and_finds_back(
    app: Server, visitor: Visitor
) -> None:
    john = Browser(app)
    john.log_in()
    visitor.keep(john.cookies)
    tab = visitor.open(REFUSED)
    is_connected(tab)
    expect(tab.get_by_role("alert")).to_have_text("You can't sign in here.")
    assert john.update({"name": "Renamed"}).status_code == 200
    way_back = tab.get_by_role("link", name="Back to the start")
    expect(way_back).to_be_visible()
    assert tab.url == visitor.url + REFUSED
    way_back.click()
    tab.wait_for_url(visitor.url + "/")


def test_a_tab_with_an_old_error_goes_on_when_another_signs_in(visitor: Visitor) -> None:
    waiting, tab = visitor.open(REFUSED), visitor.open("/login")
    for each in (waiting, tab):
        is_connected(each)
    expect(waiting.get_by_role("link", name="Back to the start")).to_have_count(0)
    visitor.log_in(tab)
    waiting.wait_for_url(visitor.url + "/client")
    visitor.is_live(waiting)
