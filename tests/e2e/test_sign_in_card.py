"""The sign-in card: it begins where the visitor types, and says what is wrong beside it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.browser import new_context
from tests.e2e.visitor import Visitor, click, field_of, is_connected
from tests.support.server import Server


@pytest.fixture
def tab(visitor: Visitor) -> Page:
    tab = visitor.open("/login")
    is_connected(tab)
    return tab


@pytest.mark.parametrize(("path", "name"), [("/login", "id"), ("/register", "id")])
def test_form_begins_at_its_first_empty_field(visitor: Visitor, path: str, name: str) -> None:
    expect(visitor.open(path).locator(f"[name={name}]")).to_be_focused()


def test_form_begins_at_its_first_empty_field_after_a_link(tab: Page) -> None:
    tab.get_by_role("link", name="Forgot your password?").click()
    expect(tab.locator("[name=email]")).to_be_focused()


def test_form_on_a_touch_screen_opens_no_keyboard(app: Server, chromium: Chromium) -> None:
    with new_context(chromium, has_touch=True, is_mobile=True) as context:
        tab = Visitor(context, app.url).open("/login")
        is_connected(tab)
        expect(tab.locator("[name=id]")).not_to_be_focused()


@pytest.mark.parametrize(
    ("path", "language", "name"),
    [
        ("/login", "en", "Show password"),
        ("/login", "zh", "显示密码"),
        ("/register", "en", "Show password"),
    ],
)
def test_password_is_shown_and_hidden_again(
    visitor: Visitor, path: str, language: str, name: str
) -> None:
    visitor.context.add_cookies([{"name": "language", "value": language, "url": visitor.url}])
    tab = visitor.open(path)
    is_connected(tab)
    field, button = tab.locator("[name=password]"), tab.get_by_role("button", name=name)
    field.fill("a bird in a gilded cage")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.press("Space")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(field).to_have_attribute("type", "text")
    expect(field).to_have_value("a bird in a gilded cage")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(field).to_have_attribute("type", "password")


def test_shown_password_is_hidden_when_it_is_sent_and_rejected(tab: Page) -> None:
    tab.get_by_label("Id", exact=True).fill("john_doe")
    password = tab.get_by_label("Password", exact=True)
    password.fill("guess")
    click(tab, "Show password")
    click(tab, "Log In")
    alert = tab.locator("form").get_by_role("alert")
    expect(alert).to_have_text("The id or the password is wrong.")
    expect(password).to_have_attribute("type", "password")
    for field in (tab.get_by_label("Id", exact=True), password):
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description("The id or the password is wrong.")
    expect(tab.get_by_role("alert")).to_have_count(1)


@pytest.mark.parametrize(("account", "name"), [("john_doe", "John"), ("jane_admin", "Jane")])
def test_demo_account_is_one_click_away(visitor: Visitor, account: str, name: str) -> None:
    tab = visitor.open("/login?callbackUrl=/client")
    tab.get_by_role("button", name=account).click()
    tab.wait_for_url(visitor.url + "/client")
    expect(field_of(tab, "name")).to_have_text(re.compile(name))
