"""The account page and the administrators' page, as their users see them."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.visitor import Visitor, is_connected


def test_a_wrong_password_changes_nothing_and_says_so(visitor: Visitor) -> None:
    visitor.logged_in("/")
    account = visitor.open("/account")
    account.get_by_label("Current password").fill("guess")
    account.get_by_label("New password").fill("a new password")
    account.get_by_role("button", name="Change Password").click()
    expect(account.get_by_role("alert")).to_have_text("The id or the password is wrong.")
    visitor.saw_no_complaint()


def test_a_new_password_is_confirmed_and_this_tab_stays(visitor: Visitor) -> None:
    visitor.logged_in("/")
    account = visitor.open("/account")
    account.get_by_label("Current password").fill("tutorial")
    account.get_by_label("New password").fill("tutorial")
    account.get_by_role("button", name="Change Password").click()
    expect(account.locator(".toasts")).to_contain_text("The password is changed.")
    expect(account.get_by_label("New password")).to_have_value("")
    visitor.saw_no_complaint()


def test_reloaded_page_repeats_no_message(visitor: Visitor) -> None:
    tab = visitor.logged_in("/account")
    change, said = tab.get_by_role("button", name="Change Password"), tab.locator(".toasts li")
    for current, told in (
        ("tutorial", said.filter(has_text="The password is changed.")),
        ("guess", tab.get_by_role("alert").filter(has_text="The id or the password is wrong.")),
    ):
        tab.get_by_label("Current password").fill(current)
        tab.get_by_label("New password").fill("tutorial")
        change.click()
        expect(told).to_be_visible()
        tab.reload()
        expect(change).to_be_enabled()
        expect(told).to_have_count(0)


def test_administrators_see_people_and_others_do_not(visitor: Visitor) -> None:
    home = visitor.logged_in("/", account="jane_admin")
    expect(home.get_by_role("link", name="People")).to_have_attribute("href", "/admin")
    people = visitor.open("/admin")
    is_connected(people)
    john = people.get_by_role("listitem").filter(has_text="john_doe")
    for button in ("Make admin", "End Sessions"):
        named = john.get_by_role("button", name=button)
        expect(named).to_have_accessible_description("john_doe")
    john.get_by_role("button", name="Make admin").click()
    expect(john.locator(".badge")).to_have_text("admin")
    john.get_by_role("button", name="Make user").click()
    expect(john.locator(".badge")).to_have_text("user")
    visitor.saw_no_complaint()


def test_a_new_role_is_in_an_open_tab_at_once(visitor: Visitor, second_device: Visitor) -> None:
    johns = second_device.logged_in("/")
    visitor.logged_in("/", account="jane_admin")
    people = visitor.open("/admin")
    john = people.get_by_role("listitem").filter(has_text="john_doe")
    expect(johns.get_by_role("link", name="People")).to_have_count(0)
    john.get_by_role("button", name="Make admin").click()
    expect(johns.get_by_role("link", name="People")).to_be_visible()
    john.get_by_role("button", name="Make user").click()
    expect(johns.get_by_role("link", name="People")).to_have_count(0)
