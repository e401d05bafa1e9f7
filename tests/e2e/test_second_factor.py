"""An authenticator app: set up, sign in with a code and a recovery code, confirm, turn off."""

from __future__ import annotations

import re

import pyotp
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.visitor import Visitor, click, is_connected
from tests.support.mail import link_in
from tests.support.second_factor import PASSWORD, Owner, make_owner
from tests.support.server import Server

WRONG = re.compile("status of 401")
"""What Chromium writes about a wrong code, which the page handles."""


@pytest.fixture
def owner(app: Server) -> Owner:
    """An account with a second factor."""
    return make_owner(app)


def enter_password(visitor: Visitor, owner: Owner, path: str = "/client") -> Page:
    """Log in, as far as the field for the code."""
    tab = visitor.open(f"/login?callbackUrl={path}")
    is_connected(tab)
    visitor.log_in(tab, owner.id, PASSWORD)
    tab.wait_for_url(f"{visitor.url}/code?callbackUrl={path}")
    is_connected(tab)
    return tab


def enter_code(tab: Page, code: str, button: str = "Continue") -> None:
    tab.locator("[name=code]").fill(code)
    click(tab, button)


def with_one_factor(visitor: Visitor, owner: Owner) -> Page:
    """Open the account of a user whose browser is remembered, so that it has level 1."""
    tab = enter_password(visitor, owner, "/account")
    tab.get_by_label("Don't ask in this browser for 30 days").check()
    enter_code(tab, owner.code())
    tab.wait_for_url(f"{visitor.url}/account")
    is_connected(tab)
    click(tab, "Log Out")
    tab.wait_for_url("**/login?**")
    is_connected(tab)
    visitor.log_in(tab, owner.id, PASSWORD)
    tab.wait_for_url(f"{visitor.url}/account")
    is_connected(tab)
    return tab


def open_dialog(tab: Page, button: str = "Turn off") -> Locator:
    """Press a button that needs a second factor."""
    click(tab, button)
    tab.locator("dialog[open]").get_by_role("button", name=button).click()
    dialog = tab.get_by_role("dialog", name="Confirm your identity")
    expect(dialog.locator("[name=code]")).to_be_visible()
    return dialog


def test_user_sets_up_an_app_and_signs_in_with_it(visitor: Visitor, app: Server) -> None:
    visitor.tolerates(WRONG)
    owner = make_owner(app, has_factor=False)
    tab = visitor.open("/login?callbackUrl=/account")
    is_connected(tab)
    visitor.log_in(tab, owner.id, PASSWORD)
    tab.wait_for_url(f"{visitor.url}/account")
    is_connected(tab)
    click(tab, "Set up an authenticator app")
    secret = tab.get_by_test_id("totp-secret")
    expect(secret).not_to_be_empty()
    expect(tab.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    owner.app = pyotp.TOTP(secret.inner_text())
    enter_code(tab, "000000", "Turn on")
    expect(tab.get_by_text("The code is wrong, or was used already.")).to_be_visible()
    enter_code(tab, owner.code(), "Turn on")
    codes = tab.get_by_test_id("recovery-codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    recovery_code = codes.first.inner_text()
    expect(tab.get_by_text("You have 10 recovery codes left.")).to_be_visible()
    click(tab, "I have kept them")
    expect(codes).to_have_count(0)
    click(tab, "Log Out")
    tab.wait_for_url("**/login?**")
    tab.close()

    tab = enter_password(visitor, owner)
    enter_code(tab, "000000")
    expect(tab.get_by_role("alert").get_by_text("The code is wrong")).to_be_visible()
    enter_code(tab, owner.code())
    tab.wait_for_url(f"{visitor.url}/client")
    is_connected(tab)
    click(tab, "Log Out")
    tab.wait_for_url("**/login?**")
    tab.close()

    tab = enter_password(visitor, owner)
    enter_code(tab, recovery_code)
    tab.wait_for_url(f"{visitor.url}/client")
    is_connected(tab)


def test_sign_in_link_asks_for_the_code(visitor: Visitor, app: Server, owner: Owner) -> None:
    address = f"{owner.id}@example.org"
    tab = visitor.open("/sign-in-link?callbackUrl=/client")
    is_connected(tab)
    tab.locator("[name=email]").fill(address)
    click(tab, "Send Link")
    tab.goto(link_in(app.outbox.wait_for(address, "sign-in link")))
    click(tab, "Sign In")
    tab.wait_for_url(f"{visitor.url}/code?callbackUrl=/client")
    is_connected(tab)
    assert visitor.open("/client").url.startswith(f"{visitor.url}/login")
    enter_code(tab, owner.code())
    tab.wait_for_url(f"{visitor.url}/client")
    visitor.is_live(tab)


def test_other_devices_leave_when_the_second_factor_is_turned_on(
    visitor: Visitor, second_device: Visitor, app: Server
) -> None:
    owner = make_owner(app, has_factor=False)
    tab, other = visitor.open("/login?callbackUrl=/account"), second_device.open("/login")
    for device, page in ((second_device, other), (visitor, tab)):
        is_connected(page)
        device.log_in(page, owner.id, PASSWORD)
    tab.wait_for_url(f"{visitor.url}/account")
    other.wait_for_url(f"{visitor.url}/")
    is_connected(other)
    is_connected(tab)
    click(tab, "Set up an authenticator app")
    expect(tab.get_by_text("This ends your sessions on other devices.")).to_be_visible()
    owner.app = pyotp.TOTP(tab.get_by_test_id("totp-secret").inner_text())
    enter_code(tab, owner.code(), "Turn on")
    other.wait_for_url("**/login?**")
    expect(tab.get_by_test_id("recovery-codes").get_by_role("listitem")).to_have_count(10)


def test_remembered_browser_is_listed_and_forgotten(visitor: Visitor, owner: Owner) -> None:
    tab = enter_password(visitor, owner, "/account")
    tab.get_by_label("Don't ask in this browser for 30 days").check()
    enter_code(tab, owner.code())
    tab.wait_for_url(f"{visitor.url}/account")
    is_connected(tab)
    click(tab, "Forget")
    expect(tab.get_by_role("button", name="Forget", exact=True)).to_have_count(0)


def test_missing_factor_is_asked_for_in_each_tab_and_then_their_events_run(
    visitor: Visitor, owner: Owner
) -> None:
    tab = with_one_factor(visitor, owner)
    other = visitor.open("/account")
    is_connected(other)
    open_dialog(other, "New recovery codes")
    dialog = open_dialog(tab, "New recovery codes")
    expect(dialog.locator("[name=password]")).to_have_count(0)
    dialog.locator("[name=code]").fill(owner.code())
    dialog.get_by_role("button", name="Confirm", exact=True).click()
    for each in (tab, other):
        expect(each.get_by_role("dialog")).to_have_count(0)
        codes = each.get_by_test_id("recovery-codes").get_by_role("listitem")
        expect(codes).to_have_count(10)


def test_dialog_works_by_keyboard_and_closes_by_escape(visitor: Visitor, owner: Owner) -> None:
    tab = with_one_factor(visitor, owner)
    dialog = open_dialog(tab)
    for _ in range(6):
        tab.keyboard.press("Tab")
        assert tab.evaluate(
            "document.activeElement === document.body || "
            "document.querySelector('dialog[open]').contains(document.activeElement)"
        )
    tab.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(tab.get_by_text("Sign-in asks for a code")).to_be_visible()
    open_dialog(tab).locator("[name=code]").fill(owner.code())
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("button", name="Set up an authenticator app")).to_be_visible()
