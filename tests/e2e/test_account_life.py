"""A profile that lasts, a browser that is remembered by choice, and the end of an account."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from authdemo.testing import wait_until
from tests.e2e.visitor import Visitor, click, field_of, is_connected
from tests.support.browser import Browser
from tests.support.server import Server

PASSWORD = "a bird in a gilded cage"


def test_saved_profile_reaches_the_other_device_and_the_next_sign_in(
    app: Server, visitor: Visitor, second_device: Visitor
) -> None:
    there = second_device.logged_in("/client")
    form = visitor.logged_in("/account")
    form.get_by_label("Name").fill("Ada Lovelace")
    click(form, "Save")
    expect(field_of(there, "name")).to_have_text("Ada Lovelace")
    later = Browser(app)
    later.log_in()
    assert later.session()["user"]["name"] == "Ada Lovelace"


def test_update_of_the_session_stays_on_this_device(
    visitor: Visitor, second_device: Visitor
) -> None:
    there = second_device.logged_in("/client")
    here = visitor.logged_in("/client")
    click(here, "Client Side Update")
    expect(field_of(here, "name")).to_have_text("Client-Man")
    click(there, "Client Side Update")
    expect(field_of(there, "rev")).to_have_text("2")
    expect(field_of(here, "rev")).to_have_text("2")


@pytest.mark.parametrize("is_remembered", [True, False])
def test_cookie_outlives_the_browser_by_choice(visitor: Visitor, *, is_remembered: bool) -> None:
    tab = visitor.open("/login")
    is_connected(tab)
    choice = tab.get_by_label("Stay logged in on this device")
    expect(choice).to_be_checked()
    if not is_remembered:
        choice.uncheck()
    visitor.log_in(tab)
    tab.wait_for_url(visitor.url + "/")
    cookie = next(c for c in visitor.context.cookies() if c["name"] == "authjs.session-token")
    assert (cookie["expires"] > 0) == is_remembered


def register(visitor: Visitor, account: str) -> Page:
    tab = visitor.open("/register?callbackUrl=/account")
    is_connected(tab)
    fields = {"id": account, "name": "Mary", "email": "m@example.org", "password": PASSWORD}
    for name, text in fields.items():
        tab.locator(f"[name={name}]").fill(text)
    click(tab, "Register")
    tab.wait_for_url(visitor.url + "/account")
    is_connected(tab)
    return tab


def test_deleted_account_leaves_every_device_and_its_id_is_free(
    app: Server, visitor: Visitor, second_device: Visitor
) -> None:
    here = register(visitor, "leaver")
    there = second_device.open("/login?callbackUrl=/client")
    is_connected(there)
    second_device.log_in(there, "leaver", PASSWORD)
    there.wait_for_url(second_device.url + "/client")
    old = Browser(app)
    old.cookies = {"authjs.session-token": second_device.cookie()}
    click(here, "Delete account")
    dialog = here.get_by_role("dialog").filter(has_text="for good?")
    dialog.get_by_role("button", name="Delete account").click()
    for tab in (here, there):
        tab.wait_for_url(re.compile("/login"))
        expect(tab.get_by_role("alert")).to_have_text("Your account is deleted.")
    assert Browser(app).log_in("leaver", PASSWORD).status_code == 401
    wait_until(lambda: app.audited(kind="deleted", user="leaver"))
    is_connected(here)
    register(visitor, "leaver")
    assert old.session() is None
