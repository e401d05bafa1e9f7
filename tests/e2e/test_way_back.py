"""A visitor who is led to the sign-in page comes back to the very place: path, query, fragment."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.visitor import Visitor, click, is_connected
from tests.support.browser import Browser
from tests.support.server import Server

PLACES = (
    "/client",
    "/client?x=1&y=%26",
    "/client?x=1&y=%26#section-2",
    "/client#a%20b",
    "/client?path=C:%5Ca",
    "/client?long=" + "x" * 4000 + "#end",
)


@pytest.fixture
def john(app: Server, visitor: Visitor) -> Browser:
    """The visitor's own cookies, outside of Chromium: John is signed in."""
    john = Browser(app)
    john.log_in()
    visitor.keep(john.cookies)
    return john


def home_link(url: str) -> str:
    return parse_qs(urlsplit(url).query)["callbackUrl"][0]


@pytest.mark.parametrize("place", PLACES)
def test_tab_whose_session_ends_elsewhere_comes_back_to_its_place(
    app: Server, john: Browser, visitor: Visitor, place: str
) -> None:
    tab = visitor.open(place)
    visitor.is_live(tab)
    john.revoke(all=True)
    tab.wait_for_url("**/login?**")
    address, _, fragment = place.partition("#")
    by_http = Browser(app).get(address, headers={"Accept": "text/html"}).headers["Location"]
    assert home_link(tab.url) == home_link(by_http) + (f"#{fragment}" if fragment else "")
    is_connected(tab)
    visitor.log_in(tab)
    tab.wait_for_url(visitor.url + place)
    visitor.is_live(tab)


@pytest.mark.parametrize("place", PLACES)
def test_anonymous_visitor_comes_to_place_that_was_asked_for(visitor: Visitor, place: str) -> None:
    tab = visitor.open(place)
    tab.wait_for_url("**/login?**")
    is_connected(tab)
    visitor.log_in(tab, password="wrong")
    expect(tab.get_by_role("alert").filter(has_text="password is wrong")).to_be_visible()
    visitor.log_in(tab)
    tab.wait_for_url(visitor.url + place)


def test_tab_at_sign_in_page_follows_sign_in_of_another_to_its_own_place(visitor: Visitor) -> None:
    waiting, tab = visitor.open("/client?x=1#section-2"), visitor.open("/login")
    for each in (waiting, tab):
        is_connected(each)
    visitor.log_in(tab)
    waiting.wait_for_url(visitor.url + "/client?x=1#section-2")


def test_link_to_other_form_keeps_place(visitor: Visitor) -> None:
    tab = visitor.open("/client?x=1#section-2")
    is_connected(tab)
    tab.get_by_role("link", name="Register").click()
    tab.wait_for_url("**/register?**")
    assert home_link(tab.url) == "/client?x=1#section-2"


def test_tab_that_logs_out_of_place_keeps_it(visitor: Visitor) -> None:
    tab = visitor.logged_in("/client?x=1")
    click(tab, "Log Out")
    tab.wait_for_url("**/login?**")
    assert home_link(tab.url) == "/client?x=1"


def test_place_with_own_fragment_in_callback_url_wins_over_page_fragment(visitor: Visitor) -> None:
    tab = visitor.open(f"/login?callbackUrl={quote('/client#own', safe='')}#other")
    is_connected(tab)
    visitor.log_in(tab)
    tab.wait_for_url(visitor.url + "/client#own")
