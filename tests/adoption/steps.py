"""What people do in the minimal app."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.visitor import Visitor, click, is_connected


def sign_in_rename_and_leave(
    visitor: Visitor, *, patience: float | None = None
) -> tuple[Page, Page]:
    """Sign in, be renamed in every tab, and log out; tell which tabs these were.

    Args:
        visitor: A visitor with their own browser.
        patience: Milliseconds to wait for the first page; as for every other by default.
    """
    first = visitor.open("/")
    first.wait_for_url("**/login?callbackUrl=/", timeout=patience)
    is_connected(first)
    visitor.log_in(first, "ada", button="Log in")
    first.wait_for_url(visitor.url + "/")
    second = visitor.open("/")
    tabs = first, second
    for tab in tabs:
        is_connected(tab)
        expect(tab.get_by_role("heading")).to_have_text("Hello Ada Lovelace")
    click(first, "Rename")
    for tab in tabs:
        expect(tab.get_by_role("heading")).to_have_text("Hello Countess")
    click(second, "Log out")
    return tabs
