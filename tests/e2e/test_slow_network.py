"""What users type and send before the scripts of a page have arrived."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from authdemo.testing import wait_until
from tests.e2e.visitor import Visitor, click, field_of

PASSWORD = "a bird in a gilded cage"


class SlowNetwork:
    """A network that holds back the scripts of pages."""

    def __init__(self, visitor: Visitor) -> None:
        self._held: list[Route] = []
        self._is_slow = True
        visitor.context.route("**/assets/*.js", self._hold)

    def let_go(self, tab: Page) -> None:
        """Let the scripts arrive."""
        wait_until(lambda: tab.evaluate("true") and self._held)
        self._is_slow = False
        for route in self._held:
            route.continue_()

    def _hold(self, route: Route) -> None:
        if self._is_slow:
            self._held.append(route)
        else:
            route.continue_()


def open_early(visitor: Visitor, path: str) -> tuple[Page, SlowNetwork]:
    """Open a page of which only the HTML arrives."""
    network = SlowNetwork(visitor)
    tab = visitor.context.new_page()
    tab.goto(visitor.url + path, wait_until="commit")
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    return tab, network


def test_sign_in_needs_no_scripts(visitor: Visitor) -> None:
    tab, _ = open_early(visitor, "/")
    visitor.log_in(tab, password="a guess")
    alert = tab.get_by_role("alert").filter(has_text=re.compile("."))
    expect(alert).to_have_text("The id or the password is wrong.")
    visitor.log_in(tab)
    expect(field_of(tab, "name")).to_have_text("John Doe")
    click(tab, "Log Out")
    expect(tab.get_by_role("button", name="Log In", exact=True)).to_be_visible()


def test_error_of_an_early_sign_in_stays_when_the_page_is_live(visitor: Visitor) -> None:
    tab, network = open_early(visitor, "/login")
    visitor.log_in(tab, password="a guess")
    alert = tab.get_by_role("alert").filter(has_text=re.compile("."))
    expect(alert).to_have_text("The id or the password is wrong.")
    network.let_go(tab)
    wait_until(lambda: tab.evaluate("window.early.isLive"))
    expect(alert).to_have_text("The id or the password is wrong.")


@pytest.mark.parametrize("is_sent", [True, False], ids=["sent", "typed"])
def test_registration_that_begins_early_is_not_lost(visitor: Visitor, *, is_sent: bool) -> None:
    tab, network = open_early(visitor, "/register?callbackUrl=/client")
    account = f"early-{'sent' if is_sent else 'typed'}"
    for name, text in (
        ("id", account),
        ("name", "Mary Shelley"),
        ("email", f"{account}@example.org"),
        ("password", PASSWORD),
    ):
        tab.locator(f"[name={name}]").fill(text)
    if is_sent:
        tab.locator("[name=password]").press("Enter")
        register = tab.get_by_role("button", name="Register", exact=True)
        expect(register).to_have_attribute("aria-busy", "true")
    network.let_go(tab)
    if not is_sent:
        click(tab, "Register")
    tab.wait_for_url(f"{visitor.url}/client")
    expect(field_of(tab, "id")).to_have_text(account)


def test_address_that_is_sent_early_gets_its_mail(visitor: Visitor) -> None:
    tab, network = open_early(visitor, "/forgot")
    tab.locator("[name=email]").fill("email@email.email")
    click(tab, "Send Link")
    network.let_go(tab)
    expect(tab.get_by_role("main").get_by_role("status")).not_to_be_empty()


def test_profile_that_is_sent_early_is_saved(visitor: Visitor) -> None:
    visitor.sign_in()
    tab, network = open_early(visitor, "/account")
    tab.get_by_label("Name", exact=True).fill("Ada")
    click(tab, "Save")
    network.let_go(tab)
    expect(field_of(tab, "rev")).to_have_text("2")
    expect(field_of(tab, "name")).to_have_text("Ada")
    expect(tab.get_by_label("Name", exact=True)).to_have_value("Ada")


def test_name_that_is_typed_while_the_page_becomes_live_can_be_saved(visitor: Visitor) -> None:
    visitor.sign_in()
    for _ in range(5):
        tab = visitor.open("/account")
        tab.get_by_label("Name", exact=True).fill("Ada")
        wait_until(lambda tab=tab: tab.evaluate("window.early.isLive"))
        expect(tab.get_by_text("changed while you were writing")).to_have_count(0)
        expect(tab.get_by_role("button", name="Save")).to_be_enabled()
        tab.close()


def test_confirmation_that_is_sent_early_leads_on(visitor: Visitor) -> None:
    visitor.sign_in()
    tab, network = open_early(visitor, "/confirm?callbackUrl=/client")
    tab.locator("[name=password]").fill("tutorial")
    click(tab, "Confirm")
    network.let_go(tab)
    tab.wait_for_url(re.compile("/client"))
