"""The package's own pages for signing in and for the password again, as people use them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Response, Route, expect

from authdemo.testing import wait_until
from tests.browser import launched, new_context
from tests.e2e.visitor import Visitor, click, is_connected
from tests.guards.conftest import file_a_will, member, switched_on
from tests.support.server import Server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as chromium:
        yield chromium


@pytest.fixture
def visitor(app: Server, chromium: Browser) -> Iterator[Visitor]:
    with Visitor.with_own_browser(chromium, app.url) as visitor:
        yield visitor
        visitor.saw_no_complaint()


def test_a_visitor_signs_in_on_the_packages_own_page(visitor: Visitor) -> None:
    tab = visitor.open("/")
    tab.wait_for_url("**/login?callbackUrl=/")
    is_connected(tab)
    visitor.log_in(tab, "ada", "a guess", button="Log in")
    expect(tab.get_by_role("alert")).to_have_text("The id or the password is wrong.")
    visitor.log_in(tab, "ada", button="Log in")
    tab.wait_for_url(visitor.url + "/")
    expect(tab.locator("#plans")).to_have_text("the secret plans, balance 100a secret for later")


def test_sign_in_form_shows_the_apps_own_text_of_a_rejection(visitor: Visitor) -> None:
    tab = visitor.open("/login")
    is_connected(tab)
    visitor.log_in(tab, "charles", button="Log in")
    expect(tab.get_by_role("alert")).to_have_text("Your account is paused until Monday.")


def test_the_packages_own_page_signs_in_without_scripts(app: Server, chromium: Browser) -> None:
    with new_context(chromium, java_script_enabled=False) as context:
        visitor = Visitor(context, app.url)
        tab = visitor.open("/login?callbackUrl=/about")
        expect(tab.locator("noscript p")).to_have_text(
            "Without JavaScript, only signing in and out works here."
        )
        typed = tab.locator("[name=id]")
        for name, value in (
            ("autocapitalize", "none"),
            ("autocorrect", "off"),
            ("spellcheck", "false"),
        ):
            expect(typed).to_have_attribute(name, value)
        visitor.log_in(tab, "ada", "a guess", button="Log in")
        expect(tab.get_by_role("alert")).to_have_text("The id or the password is wrong.")
        visitor.log_in(tab, "ada", button="Log in")
        tab.wait_for_url(visitor.url + "/about")


def test_form_that_needs_scripts_can_not_be_sent_without(app: Server, chromium: Browser) -> None:
    with new_context(chromium, java_script_enabled=False) as context:
        visitor = Visitor(context, app.url)
        visitor.keep(member(app, "ada").cookies)
        tab = visitor.open("/confirm")
        expect(tab.locator("[name=password]")).to_be_visible()
        expect(tab.get_by_role("button", name="Confirm")).to_be_hidden()


def test_a_form_that_is_sent_at_once_signs_in(visitor: Visitor) -> None:
    tab = visitor.open("/login?callbackUrl=/about")
    visitor.log_in(tab, "ada", button="Log in")
    tab.wait_for_url(visitor.url + "/about")


def test_a_sensitive_button_asks_for_the_password_and_then_does_it(
    visitor: Visitor, later: Callable[[float], None]
) -> None:
    tab = visitor.open("/login?callbackUrl=/")
    is_connected(tab)
    visitor.log_in(tab, "ada", button="Log in")
    tab.wait_for_url(visitor.url + "/")
    is_connected(tab)
    later(61)
    click(tab, "Wipe")
    tab.get_by_role("dialog").locator("[name=password]").fill("tutorial")
    click(tab, "Confirm")
    expect(tab.get_by_role("dialog")).to_be_hidden()
    assert tab.url == visitor.url + "/"
    expect(tab.locator("#balance")).to_have_text("0")


def test_event_that_waits_for_a_sign_in_runs_afterwards(visitor: Visitor) -> None:
    tab = visitor.open("/about")
    is_connected(tab)
    click(tab, "Like")
    tab.wait_for_url("**/login?callbackUrl=/about")
    is_connected(tab)
    visitor.log_in(tab, "ada", button="Log in")
    tab.wait_for_url(visitor.url + "/about")
    expect(tab.locator("#liked")).to_have_text("3")


def by_logging_out(tab: Page) -> None:
    click(tab, "Log out")
    tab.wait_for_url("**/login?callbackUrl=/")


def without_logging_out(tab: Page) -> None:
    tab.goto(f"{tab.url}login?callbackUrl=/&error=AccessDenied")


@pytest.mark.parametrize("change", [by_logging_out, without_logging_out])
def test_the_other_tabs_follow_who_signs_in_next(
    visitor: Visitor, change: Callable[[Page], None]
) -> None:
    tab = visitor.open("/login?callbackUrl=/")
    is_connected(tab)
    visitor.log_in(tab, "ada", button="Log in")
    tab.wait_for_url(visitor.url + "/")
    public, protected = visitor.open("/about"), visitor.open("/archive")
    for each in (tab, public, protected):
        is_connected(each)
    expect(public.locator("#reader")).to_have_text("Ada Lovelace")
    change(tab)
    is_connected(tab)
    visitor.log_in(tab, "grace", button="Log in")
    tab.wait_for_url(visitor.url + "/")
    expect(public.locator("#reader")).to_have_text("Grace Hopper")
    protected.wait_for_url(visitor.url + "/archive")


def test_sign_in_keeps_the_fragment_of_its_callback_url(visitor: Visitor) -> None:
    tab = visitor.open("/about")
    is_connected(tab)
    click(tab, "Let me in")
    tab.wait_for_url(visitor.url + "/about#liked")
    expect(tab.locator("#name")).to_have_text("Ada Lovelace")


@pytest.fixture
def barred(app: Server) -> Iterator[None]:
    """Let the app's `jwt` callback say no to everybody who signs in."""
    with switched_on(app, "barred"):
        yield


def test_rejected_ticket_is_explained_and_not_sent_again(
    app: Server, chromium: Browser, barred: None
) -> None:
    with Visitor.with_own_browser(chromium, app.url) as visitor:
        tab = visitor.open("/login?callbackUrl=/about")
        is_connected(tab)
        sent: list[str] = []
        tab.on("request", lambda request: sent.append(request.url))
        visitor.log_in(tab, "ada", button="Log in")
        tab.wait_for_url("**/login?callbackUrl=%2Fabout&error=AccessDenied")
        expect(tab.get_by_role("alert")).to_have_text("You can't sign in here.")
        assert sum(url.endswith("/ticket") for url in sent) == 1


def test_lost_ticket_is_explained(app: Server, chromium: Browser) -> None:
    with Visitor.with_own_browser(chromium, app.url) as visitor:
        tab = visitor.open("/login")
        is_connected(tab)
        tab.route("**/api/auth/ticket", lambda route: route.abort("internetdisconnected"))
        visitor.log_in(tab, "ada", button="Log in")
        expect(tab.get_by_role("alert")).to_have_text("The server can't be reached. Try again.")


def test_a_member_sends_a_file(visitor: Visitor) -> None:
    tab = visitor.open("/login?callbackUrl=/archive")
    is_connected(tab)
    visitor.log_in(tab, "ada", button="Log in")
    tab.wait_for_url(visitor.url + "/archive")
    is_connected(tab)
    file_a_will(tab)


def test_of_refusals_on_both_ways_the_later_is_shown_until_something_goes_well(
    visitor: Visitor,
) -> None:
    tab = visitor.open("/login?callbackUrl=/about")
    is_connected(tab)
    visitor.log_in(tab, "ada", button="Log in")
    tab.wait_for_url(visitor.url + "/about")
    is_connected(tab)
    alert = tab.get_by_role("alert")
    visitor.tolerates(re.compile("422"))
    here, there = (
        "The picture must be empty or an https: address.",
        "The name must have 1 to 64 characters.",
    )
    for button, said in (
        ("Rename there", there),
        ("Rename here", here),
        ("Rename there", there),
        ("Come", ""),
    ):
        click(tab, button)
        expect(alert).to_have_text(said)


def test_page_without_a_place_for_errors_shows_a_toast_and_sign_out_follows_a_redirect(
    visitor: Visitor,
) -> None:
    tab = visitor.open("/login?callbackUrl=/archive")
    is_connected(tab)
    visitor.log_in(tab, "ada", button="Log in")
    tab.wait_for_url(visitor.url + "/archive")
    is_connected(tab)
    click(tab, "Rename badly")
    toast = tab.locator("[data-sonner-toast]")
    expect(toast).to_have_text("The name must have 1 to 64 characters.")
    click(tab, "Leave for the page about us")
    tab.wait_for_url(visitor.url + "/about?left=1")


def test_of_answers_that_come_out_of_order_the_newest_is_shown(visitor: Visitor) -> None:
    tab = visitor.open("/login?callbackUrl=/about")
    is_connected(tab)
    visitor.log_in(tab, "ada", button="Log in")
    tab.wait_for_url(visitor.url + "/about")
    name = tab.locator("#name")
    expect(name).to_have_text("Ada Lovelace")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    tab.route("**/api/auth/session", hold)
    click(tab, "Rename here")
    click(tab, "Rename here")
    wait_until(lambda: tab.evaluate("true") and len(held) == 2)
    answer(held[1], name="Newer", rev=8)
    expect(name).to_have_text("Newer")
    expect(name).to_have_attribute("aria-busy", "true")
    answer(held[0], name="Older", rev=7)
    expect(name).to_have_attribute("aria-busy", "false")
    expect(name).to_have_text("Newer")


def answer(route: Route, *, name: str, rev: int) -> None:
    """Answer an update of Ada's session as the server would."""
    route.fulfill(json={"user": {"id": "ada", "name": name}, "rev": rev})


def follow_link(tab: Page) -> None:
    tab.get_by_role("link", name="Archive").click()


def be_redirected(tab: Page) -> None:
    click(tab, "Lead me")


@pytest.mark.parametrize("go", [follow_link, be_redirected])
def test_way_to_a_protected_page_leads_an_anonymous_visitor_to_sign_in(
    visitor: Visitor, go: Callable[[Page], None]
) -> None:
    tab = visitor.open("/about")
    is_connected(tab)
    go(tab)
    tab.wait_for_url(re.compile(r"/login\?callbackUrl=(/|%2F)archive%3Fbox%3D1%26lid%3Da%2526b"))
    is_connected(tab)
    visitor.log_in(tab, "ada", button="Log in")
    tab.wait_for_url("**/archive?box=1&lid=a%26b*")
    expect(tab.locator("#papers")).to_be_visible()


def test_way_back_from_sign_in_leads_to_the_page_with_the_link(visitor: Visitor) -> None:
    tab = visitor.open("/about")
    is_connected(tab)
    follow_link(tab)
    tab.wait_for_url(re.compile(r"/login\?callbackUrl=(/|%2F)archive"))
    is_connected(tab)
    tab.go_back()
    expect(tab.get_by_role("heading", name="About us")).to_be_visible()
    follow_link(tab)
    tab.wait_for_url(re.compile(r"/login\?callbackUrl=(/|%2F)archive"))


def test_link_on_a_page_that_a_redirect_led_to_works_too(visitor: Visitor) -> None:
    """The document was asked for at the protected page, and is the sign-in page's."""
    tab = visitor.open("/archive")
    tab.wait_for_url("**/login?callbackUrl=/archive")
    is_connected(tab)
    loaded = count_documents(tab)
    with tab.expect_event("load"):
        tab.evaluate("void window.__reactRouterDataRouter.navigate('/archive')")
    tab.wait_for_url("**/login?callbackUrl=/archive")
    is_connected(tab)
    assert [status for status, _ in loaded] == [303, 200]


def test_link_to_a_page_for_others_says_so_to_a_member(app: Server, chromium: Browser) -> None:
    with Visitor.with_own_browser(chromium, app.url) as visitor:
        visitor.keep(member(app, "ada").cookies)
        tab = visitor.open("/about")
        is_connected(tab)
        loaded = count_documents(tab)
        visitor.tolerates(re.compile("403"))
        tab.get_by_role("link", name="Reports").click()
        expect(tab.get_by_role("heading")).to_have_text("No permission")
        assert tab.url == visitor.url + "/reports/index"
        assert [status for status, _ in loaded] == [403]


@pytest.mark.parametrize("rest", ["", "?box=1", "#top", "?box=1&lid=%26#top"])
def test_way_back_from_a_page_for_others_leads_to_the_page_with_the_link(
    app: Server, chromium: Browser, rest: str
) -> None:
    with Visitor.with_own_browser(chromium, app.url) as visitor:
        visitor.keep(member(app, "ada").cookies)
        tab = visitor.open("/about")
        for _ in range(2):
            is_connected(tab)
            tab.evaluate(f"void __reactRouterDataRouter.navigate('/reports/index{rest}')")
            expect(tab.get_by_role("heading")).to_have_text("No permission")
            assert tab.url == f"{visitor.url}/reports/index{rest}"
            tab.go_back()
            expect(tab.get_by_role("heading", name="About us")).to_be_visible()
            assert tab.url == f"{visitor.url}/about"


def test_link_to_a_public_page_loads_no_document(visitor: Visitor) -> None:
    tab = visitor.open("/about")
    is_connected(tab)
    loaded = count_documents(tab)
    tab.get_by_role("link", name="Post").click()
    expect(tab.get_by_role("heading")).to_have_text("A post for all: index")
    assert not loaded


def count_documents(tab: Page) -> list[tuple[int, str]]:
    """Note each document that a tab loads from now on."""
    loaded: list[tuple[int, str]] = []

    def note(response: Response) -> None:
        if response.request.is_navigation_request():
            loaded.append((response.status, response.url))

    tab.on("response", note)
    return loaded


def test_toast_of_an_event_handler_is_shown_without_eval(visitor: Visitor) -> None:
    tab = visitor.open("/about")
    is_connected(tab)
    click(tab, "Praise")
    toast = tab.locator("[data-sonner-toast]").first
    expect(toast.locator("[data-title]")).to_have_text('"Well" (done)]: {["')
    expect(toast.locator("[data-description]")).to_have_text("It's saved, {1: 2}")
