"""An administrator acts as a user, in two browsers."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.visitor import Visitor, click, field_of, is_connected


def banner(tab: Page):
    return tab.get_by_test_id("impersonation")


def impersonate(people: Page, reason: str = "Ticket 4711") -> None:
    """Fill in the dialog of John's row."""
    john = people.get_by_role("listitem").filter(has_text="john_doe")
    john.get_by_role("button", name="Impersonate").click()
    dialog = people.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name="Impersonate").click()


def test_both_browsers_show_who_acts_until_stop(visitor: Visitor, second_device: Visitor) -> None:
    johns = second_device.logged_in("/inspector")
    home = visitor.logged_in("/", account="jane_admin")
    people = visitor.open("/admin")
    is_connected(people)
    impersonate(people)
    for tab in (people, home):
        expect(banner(tab)).to_contain_text(re.compile(r"^Jane Admin acts as John Doe until \d"))
        expect(field_of(tab, "id")).to_have_text("john_doe")
    expect(johns.get_by_text("Jane Admin acts here")).to_be_visible()
    expect(banner(johns)).to_have_count(0)
    click(home, "Server Side Update")
    expect(field_of(people, "name")).to_have_text("Serverserver-man")
    timeline = johns.get_by_test_id("timeline")
    step = timeline.locator("[data-rev]", has_text="Server update").filter(
        has_text="Serverserver-man"
    )
    expect(step).to_contain_text("by Jane Admin")
    marks = timeline.get_by_role("option", name=re.compile("Server update · by Jane Admin"))
    expect(marks).to_have_count(1)
    banner(people).get_by_role("button", name="Stop").click()
    for tab in (people, home):
        expect(banner(tab)).to_have_count(0)
        expect(field_of(tab, "id")).to_have_text("jane_admin")
    expect(johns.get_by_text("Jane Admin acts here")).to_have_count(0)


def test_user_ends_it_among_the_devices(visitor: Visitor, second_device: Visitor) -> None:
    johns = second_device.logged_in("/inspector")
    visitor.sign_in("jane_admin")
    people = visitor.open("/admin")
    is_connected(people)
    impersonate(people)
    expect(banner(people)).to_be_visible()
    device = johns.get_by_role("listitem").filter(has_text="Jane Admin acts here")
    device.get_by_role("button", name="End Session").click()
    johns.get_by_role("dialog").get_by_role("button", name="End Session").click()
    expect(banner(people)).to_have_count(0)
    expect(field_of(people, "id")).to_have_text("jane_admin")
    expect(field_of(johns, "id")).to_have_text("john_doe")


def test_reason_is_required_and_the_dialog_stays(visitor: Visitor) -> None:
    visitor.sign_in("jane_admin")
    people = visitor.open("/admin")
    is_connected(people)
    john = people.get_by_role("listitem").filter(has_text="john_doe")
    john.get_by_role("button", name="Impersonate").click()
    dialog = people.get_by_role("dialog")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    people.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    people.keyboard.press("Escape")
    expect(people.get_by_role("dialog")).to_have_count(0)
    expect(john.get_by_role("button", name="Impersonate")).to_be_focused()


def test_sensitive_cards_stay_closed(visitor: Visitor) -> None:
    visitor.sign_in("jane_admin")
    people = visitor.open("/admin")
    is_connected(people)
    impersonate(people)
    expect(banner(people)).to_be_visible()
    account = visitor.open("/account")
    is_connected(account)
    expect(banner(account)).to_be_visible()
    expect(account.get_by_label("Current password")).to_have_count(0)
    click(account, "Verify")
    closed = "This isn't possible while you act as another user."
    expect(account.locator(".toasts")).to_contain_text(closed)
    banner(account).get_by_role("button", name="Stop").click()
    expect(banner(account)).to_have_count(0)
    expect(account.get_by_label("Current password")).to_be_visible()
