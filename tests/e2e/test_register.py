"""An account of one's own: made on the page, and used from then on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.visitor import Visitor, click, field_of, is_connected

PASSWORD = "a bird in a gilded cage"


@pytest.fixture
def form(visitor: Visitor) -> Page:
    tab = visitor.open("/register")
    is_connected(tab)
    return tab


def fill(tab: Page, **fields: str) -> None:
    for name, text in fields.items():
        tab.locator(f"[name={name}]").fill(text)


def test_registration_signs_in_and_leads_back_to_the_page(visitor: Visitor) -> None:
    tab = visitor.open("/client")
    tab.wait_for_url("**/login?callbackUrl=/client")
    is_connected(tab)
    tab.get_by_role("link", name="Register").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Register")
    fill(tab, id="mary", name="Mary Shelley", email="mary@example.org", password=PASSWORD)
    click(tab, "Register")
    tab.wait_for_url(visitor.url + "/client")
    expect(field_of(tab, "name")).to_have_text("Mary Shelley")
    expect(field_of(tab, "role")).to_have_text("user")
    click(tab, "Log Out")
    tab.wait_for_url(re.compile("/login"))
    is_connected(tab)
    visitor.log_in(tab, "mary", PASSWORD)
    expect(field_of(tab, "name")).to_have_text("Mary Shelley")
    assert not any(PASSWORD in line for line in visitor.console)


def test_errors_stand_beside_their_fields_and_what_was_typed_stays(form: Page) -> None:
    fill(form, id="john_doe", name="John", email="john@example.org", password="short")
    click(form, "Register")
    password = form.get_by_label("Password")
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(password).to_have_accessible_description("The password must have at least 8 characters.")
    expect(form.get_by_role("alert").filter(has_text="password")).to_be_visible()
    expect(form.get_by_label("Id")).to_have_value("john_doe")
    password.fill(PASSWORD)
    click(form, "Register")
    expect(form.get_by_label("Id")).to_have_accessible_description(re.compile("The id is taken."))
    expect(password).to_have_attribute("aria-invalid", "false")


def test_password_managers_know_the_fields(form: Page) -> None:
    known = {"id": "username", "name": "name", "email": "email", "password": "new-password"}
    for name, purpose in known.items():
        expect(form.locator(f"[name={name}]")).to_have_attribute("autocomplete", purpose)


def test_the_keyboard_is_enough(visitor: Visitor, form: Page) -> None:
    expect(form.locator("[name=id]")).to_be_focused()
    form.keyboard.type("grace")
    for text in ("Grace Hopper", "grace@example.org", PASSWORD):
        form.keyboard.press("Tab")
        form.keyboard.type(text)
    form.keyboard.press("Enter")
    form.wait_for_url(visitor.url + "/")
    expect(field_of(form, "name")).to_have_text("Grace Hopper")


def test_the_ways_between_the_two_pages_keep_where_the_visitor_wants_to_go(
    visitor: Visitor,
) -> None:
    tab = visitor.open("/login?callbackUrl=/inspector")
    is_connected(tab)
    for name, path in (("Register", "/register"), ("Log in", "/login"), ("Register", "/register")):
        tab.get_by_role("link", name=name).click()
        tab.wait_for_url(visitor.url + path + "?callbackUrl=/inspector")


def test_the_page_speaks_chinese(form: Page) -> None:
    click(form, "中文")
    expect(form.get_by_role("heading", level=1)).to_have_text("注册")
    is_connected(form)
    fill(form, id="john_doe", name="约翰", email="john@example.org", password=PASSWORD)
    click(form, "注册")
    expect(form.get_by_role("alert").filter(has_text="账号已被使用。")).to_be_visible()
