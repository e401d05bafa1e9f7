"""The tutorial's steps in the app of the examples."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.visitor import Visitor, click, is_connected

PASSWORD = "a bird in a gilded cage"


def register_and_update(visitor: Visitor, account: str = "john_doe") -> tuple[Page, Page]:
    """Register, and update the session from both sides; two tabs follow each update."""
    home = visitor.open("/register")
    register(home, account)
    home.wait_for_url(visitor.url + "/")
    client = visitor.open("/client")
    for tab in (home, client):
        is_connected(tab)
    show("John Doe", home, client)
    steps = (
        (client, "Client Side Update", "Client-Man"),
        (home, "Client Side Update", "Server-Man"),
        (home, "Server Side Update", "Serverserver-man"),
    )
    for tab, button, name in steps:
        click(tab, button)
        show(name, home, client)
    return home, client


def register(tab: Page, account: str) -> None:
    """Fill in the form, and send it."""
    is_connected(tab)
    fields = {"id": account, "name": "John Doe", "email": "john@example.org", "password": PASSWORD}
    for name, value in fields.items():
        tab.locator(f"[name={name}]").fill(value)
    click(tab, "Register")


def log_out_and_in(visitor: Visitor, account: str = "john_doe") -> None:
    """Log out in one of the two tabs, which sends both to the sign-in page; log in again."""
    home, client = visitor.context.pages
    click(home, "Log Out")
    for tab in (home, client):
        tab.wait_for_url(re.compile("/login"))
    is_connected(home)
    visitor.log_in(home, account, PASSWORD, button="Log in")
    home.wait_for_url(visitor.url + "/")
    show("John Doe", home)


def show(name: str, *tabs: Page) -> None:
    """Expect the name in the home page, and in the client page."""
    for tab, testid in zip(tabs, ("server-session", "client-session"), strict=False):
        expect(tab.get_by_test_id(testid)).to_have_text(name)


def fetched(tab: Page, path: str, kind: str) -> Any:
    """Fetch a path in the browser, as `text` or `json`."""
    script = "([path, kind]) => fetch(path).then(answer => answer[kind]())"
    return tab.evaluate(script, [path, kind])
