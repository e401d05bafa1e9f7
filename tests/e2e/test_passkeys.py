"""Passkeys in Chromium, with a virtual authenticator."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from authdemo.testing import wait_until
from tests.e2e.visitor import Visitor, click, field_of, is_connected
from tests.support.mail import OutboxReader
from tests.support.server import Server

LIST = "[data-testid=passkeys]"


@dataclass
class Device:
    """A visitor whose browser has an authenticator, with one user who is always verified."""

    visitor: Visitor
    _cdp: dict[Page, tuple[CDPSession, str]] = field(default_factory=dict)

    def open(self, path: str, *, can_offer: bool = False) -> Page:
        """Open a page in a tab with an authenticator, whose user is always there."""
        tab = self.visitor.open("/api/auth/csrf")
        if not can_offer:
            tab.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")
        cdp = self.visitor.context.new_cdp_session(tab)
        cdp.send("WebAuthn.enable", {"enableUI": False})
        kind = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": kind})
        self._cdp[tab] = cdp, added["authenticatorId"]
        tab.goto(self.visitor.url + path)
        return tab

    def call(self, tab: Page, method: str, **options: Any) -> dict[str, Any]:
        cdp, authenticator = self._cdp[tab]
        return cdp.send(f"WebAuthn.{method}", {"authenticatorId": authenticator, **options})

    def credentials(self, tab: Page) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call(tab, "getCredentials")["credentials"]
        return found


@pytest.fixture
def device(app: Server, chromium: Browser) -> Iterator[Device]:
    """A browser that knows the app by a domain, since addresses have no passkeys."""
    url = app.url.replace("127.0.0.1", "localhost")
    with Visitor.with_own_browser(chromium, url) as visitor:
        yield Device(visitor)
        visitor.saw_no_complaint()


def add_passkey(tab: Page) -> None:
    known = tab.locator(LIST).get_by_text("Added").count()
    click(tab, "Add a passkey")
    expect(tab.locator(LIST).get_by_text("Added")).to_have_count(known + 1)


def has_passkey(device: Device, path: str, *, can_offer: bool = False) -> Page:
    """Sign in, add a passkey, and go to a page."""
    device.visitor.sign_in()
    tab = device.open("/account", can_offer=can_offer)
    add_passkey(tab)
    tab.goto(device.visitor.url + path)
    is_connected(tab)
    return tab


def log_out(tab: Page) -> None:
    click(tab, "Log Out")
    tab.wait_for_url(re.compile("/login"))
    is_connected(tab)


@pytest.fixture(autouse=True)
def cleaned(app: Server) -> Iterator[None]:
    """Leave no passkey to the next test."""
    yield
    forget_passkeys(app)


def forget_passkeys(app: Server) -> None:
    with contextlib.closing(sqlite3.connect(app.log.parent / "data" / "accounts.db")) as database:
        database.execute("DELETE FROM passkeys")
        database.commit()


def test_passkey_is_added_named_and_removed(device: Device, app: Server) -> None:
    device.visitor.sign_in()
    tab = device.open("/account")
    expect(tab.locator(LIST)).to_have_text("You have no passkeys yet.")
    add_passkey(tab)
    click(tab, "Rename")
    name = tab.locator(LIST).get_by_label("Name")
    expect(name).to_be_focused()
    name.fill("My laptop")
    click(tab, "Save Name")
    expect(tab.locator(f"{LIST} strong")).to_have_text("My laptop")
    [kept] = device.credentials(tab)
    assert (kept["isResidentCredential"], kept["userName"]) == (True, "john_doe")
    click(tab, "Add a passkey")
    expect(tab.get_by_text("This device already has a passkey for your account.")).to_be_visible()
    click(tab, "Remove")
    tab.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(tab.locator(LIST)).to_have_text("You have no passkeys yet.")
    wait_until(lambda: device.credentials(tab) == [])  # the browser has been signalled
    kinds = ("passkey-added", "passkey-removed")
    wait_until(lambda: all(app.audited(kind=kind, user="john_doe") for kind in kinds))
    outbox = OutboxReader(app.log.parent / "data" / "outbox")
    outbox.wait_for("email@email.email", "A passkey was added")
    outbox.wait_for("email@email.email", "A passkey was removed")


def test_button_signs_in_and_leads_on(device: Device) -> None:
    tab = has_passkey(device, "/client")
    log_out(tab)
    tab.locator("[type=checkbox][name=remember]").click()
    expect(tab.locator("[type=checkbox][name=remember]")).not_to_be_checked()
    click(tab, "Sign in with a passkey")
    tab.wait_for_url(device.visitor.url + "/client")
    expect(field_of(tab, "id")).to_have_text("john_doe")
    cookies = {each.get("name"): each for each in device.visitor.context.cookies()}
    assert cookies["authjs.session-token"].get("expires") == -1


def test_field_offers_passkeys_by_itself(device: Device, app: Server) -> None:
    tab = has_passkey(device, "/client", can_offer=True)
    before = len(app.audited(kind="sign-in", provider="passkey"))
    click(tab, "Log Out")
    wait_until(lambda: len(app.audited(kind="sign-in", provider="passkey")) > before)
    tab.wait_for_url(device.visitor.url + "/client")
    expect(field_of(tab, "id")).to_have_text("john_doe")


def test_fields_for_passkeys_are_marked(visitor: Visitor) -> None:
    tab = visitor.open("/login")
    expect(tab.locator("[name=id]")).to_have_attribute("autocomplete", "username webauthn")


def test_cancelled_sign_in_can_be_repeated(device: Device) -> None:
    tab = has_passkey(device, "/client")
    log_out(tab)
    device.call(tab, "setUserVerified", isUserVerified=False)
    click(tab, "Sign in with a passkey")
    expect(tab.get_by_text("No passkey was used.")).to_be_visible()
    device.call(tab, "setUserVerified", isUserVerified=True)
    click(tab, "Sign in with a passkey")
    tab.wait_for_url(device.visitor.url + "/client")


def test_browser_forgets_a_passkey_that_is_unknown_here(device: Device, app: Server) -> None:
    tab = has_passkey(device, "/client")
    forget_passkeys(app)
    log_out(tab)
    click(tab, "Sign in with a passkey")
    expect(tab.get_by_text("This passkey isn't known here.")).to_be_visible()
    wait_until(lambda: device.credentials(tab) == [])


def test_passkey_confirms_who_the_user_is(device: Device, app: Server) -> None:
    tab = has_passkey(device, "/confirm?callbackUrl=/client")
    click(tab, "Confirm with a passkey")
    tab.wait_for_url(device.visitor.url + "/client")
    wait_until(lambda: app.audited(kind="confirmed", user="john_doe"))


def test_session_of_a_passkey_is_confirmed_by_the_password(device: Device) -> None:
    tab = has_passkey(device, "/client")
    log_out(tab)
    click(tab, "Sign in with a passkey")
    tab.wait_for_url(device.visitor.url + "/client")
    tab.goto(device.visitor.url + "/confirm?callbackUrl=/account")
    is_connected(tab)
    tab.locator("[name=password]").fill("tutorial")
    click(tab, "Confirm")
    tab.wait_for_url(device.visitor.url + "/account")


def test_page_without_a_domain_explains_itself(visitor: Visitor) -> None:
    tab = visitor.logged_in("/account")
    click(tab, "Add a passkey")
    expect(tab.get_by_text("Passkeys don't work at this address.")).to_be_visible()


def test_card_is_in_chinese(device: Device) -> None:
    device.visitor.sign_in()
    tab = device.open("/account")
    click(tab, "中文")
    expect(tab.locator(LIST)).to_have_text("你还没有通行密钥。")
    is_connected(tab)
    click(tab, "添加通行密钥")
    expect(tab.locator(LIST).get_by_text("添加于")).to_be_visible()
    expect(tab.locator(f"{LIST} strong")).to_have_text("通行密钥")
