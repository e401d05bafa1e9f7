"""Signing in and out in a browser without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from tests.browser import new_context
from tests.e2e.visitor import Visitor, click, field_of
from tests.support.second_factor import PASSWORD, make_owner
from tests.support.server import Server


@pytest.fixture
def visitor(app: Server, chromium: Chromium) -> Iterator[Visitor]:
    with new_context(chromium, java_script_enabled=False, locale="en-US") as context:
        yield Visitor(context, app.url)


def test_visitor_signs_in_after_a_wrong_password_and_signs_out(visitor: Visitor) -> None:
    tab = visitor.open("/")
    assert tab.url == f"{visitor.url}/login?callbackUrl=/"
    visitor.log_in(tab, password="a guess")
    expect(tab.get_by_role("alert")).to_have_text("The id or the password is wrong.")
    visitor.log_in(tab)
    tab.wait_for_url(f"{visitor.url}/")
    expect(field_of(tab, "name")).to_have_text("John Doe")
    click(tab, "Log Out")
    tab.wait_for_url(f"{visitor.url}/login?callbackUrl=/")
    tab.goto(f"{visitor.url}/account")
    assert tab.url == f"{visitor.url}/login?callbackUrl=/account"


def test_user_with_a_second_factor_signs_in(visitor: Visitor, app: Server) -> None:
    owner = make_owner(app)
    tab = visitor.open("/login?callbackUrl=/client")
    visitor.log_in(tab, owner.id, PASSWORD)
    tab.locator("[name=code]").fill("000000")
    click(tab, "Continue")
    expect(tab.get_by_role("alert")).to_have_text("The code is wrong, or was used already.")
    tab.locator("[name=code]").fill(owner.code())
    click(tab, "Continue")
    tab.wait_for_url(f"{visitor.url}/client")


@pytest.mark.parametrize("path", ["/register", "/forgot"])
def test_form_that_needs_scripts_says_so_and_has_no_button(visitor: Visitor, path: str) -> None:
    tab = visitor.open(path)
    expect(tab.get_by_role("alert")).to_have_text(
        "This page needs JavaScript. Enable it and reload the page."
    )
    expect(tab.locator("form").get_by_role("button")).to_be_hidden()
