"""A browser that translates a page replaces its text nodes, and the page works on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.visitor import Visitor, click, field_of, is_connected
from tests.support.browser import Browser
from tests.support.server import ROOT, SECRET, Server

TRANSLATE = """() => {
  const isText = (node) => node.data.trim() && node.parentElement &&
    !node.parentElement.closest("[translate=no], script, style, noscript, font, title");
  const translate = () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) if (isText(walker.currentNode)) found.push(walker.currentNode);
    for (const node of found) {
      const outer = document.createElement("font"), inner = document.createElement("font");
      inner.append(node.data);
      outer.append(inner);
      node.replaceWith(outer);
    }
  };
  translate();
  const options = { childList: true, characterData: true, subtree: true };
  new MutationObserver(translate).observe(document.body, options);
}"""
"""What Chromium's translator does to a page, now and later, but for the words themselves."""


@pytest.fixture
def john(app: Server, visitor: Visitor) -> Browser:
    """The visitor's own cookies, outside of Chromium: John is signed in."""
    john = Browser(app)
    john.log_in()
    visitor.keep(john.cookies)
    return john


def translated(visitor: Visitor, path: str) -> Page:
    tab = visitor.open(path)
    is_connected(tab)
    tab.evaluate(TRANSLATE)
    expect(tab.locator("h1 font").first).to_be_attached()
    return tab


def rejection(tab: Page, text: str):
    return tab.get_by_role("alert").filter(has_text=text)


def test_no_page_has_text_that_translator_could_take_away(tmp_path: Path) -> None:
    """All of them are looked at, with every branch; see `tests/support/texts.py`."""
    looked = subprocess.run(
        [sys.executable, "-m", "tests.support.texts"],
        cwd=ROOT,
        env={"PATH": "", "AUTH_SECRET": SECRET, "AUTH_DATA_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    pages = [line.split("\t") for line in looked.stdout.splitlines() if "\t" in line]
    assert len(pages) == 24
    assert {name: texts for name, _, *texts in pages if texts} == {}


@pytest.mark.parametrize("path", ["/", "/client", "/account", "/inspector"])
def test_translated_page_follows_updates_and_logs_out(
    john: Browser, visitor: Visitor, path: str
) -> None:
    tab = translated(visitor, path)
    for name in ("Second", "Third"):
        assert john.update({"name": name}).status_code == 200
        expect(field_of(tab, "name")).to_have_text(name)
    expect(field_of(tab, "rev")).to_have_text("3")
    click(tab, "Log Out")
    tab.wait_for_url("**/login**")


@pytest.mark.parametrize("button", ["Client Side Update", "Server Side Update"])
def test_translated_page_updates_by_its_own_buttons(
    john: Browser, visitor: Visitor, button: str
) -> None:
    tab = translated(visitor, "/")
    for _ in range(2):
        click(tab, button)
        expect(field_of(tab, "name")).not_to_have_text("John Doe")
        assert john.update({"name": "John Doe"}).status_code == 200
        expect(field_of(tab, "name")).to_have_text("John Doe")


def test_translated_register_form_keeps_input_when_rejected_twice(visitor: Visitor) -> None:
    tab = translated(visitor, "/register")
    button = tab.get_by_role("button", name="Register", exact=True)
    tab.locator("[name=id]").fill("x")
    button.click()
    expect(rejection(tab, "must have 3 to 32 letters")).to_be_visible()
    typed = {"id": "john_doe", "name": "N", "email": "n@example.org", "password": "tree horse 12"}
    for name, value in typed.items():
        tab.locator(f"[name={name}]").fill(value)
    button.click()
    expect(rejection(tab, "is taken")).to_be_visible()
    for name, value in typed.items():
        expect(tab.locator(f"[name={name}]")).to_have_value(value)


def test_translated_login_form_is_rejected_twice_and_then_logs_in(visitor: Visitor) -> None:
    tab = translated(visitor, "/login?callbackUrl=/client")
    for password in ("wrong", "wrong again"):
        visitor.log_in(tab, password=password)
        expect(rejection(tab, "The id or the password is wrong.")).to_be_visible()
        expect(tab.locator("[name=id]")).to_have_value("john_doe")
    visitor.log_in(tab)
    tab.wait_for_url(visitor.url + "/client")


def test_translated_profile_form_says_what_is_wrong_and_shows_conflict(
    john: Browser, visitor: Visitor
) -> None:
    tab = translated(visitor, "/account")
    image, name = tab.locator("[name=image]"), tab.locator("[name=name]")
    for wrong in ("http://a.example/x.png", "ftp://a.example/x.png"):
        image.fill(wrong)
        click(tab, "Save")
        expect(tab.locator("#image-error")).to_contain_text("https")
        expect(image).to_have_value(wrong)
    image.fill("")
    name.fill("Mine")
    assert john.update({"name": "Theirs"}).status_code == 200
    expect(rejection(tab, "Theirs")).to_be_visible()
    assert john.update({"name": "Later"}).status_code == 200
    expect(rejection(tab, "Later")).to_be_visible()
    expect(name).to_have_value("Mine")
    click(tab, "Take the New One")
    expect(name).to_have_value("Later")


def test_translated_inspector_shows_experiments_and_devices(
    app: Server, john: Browser, visitor: Visitor
) -> None:
    tab = translated(visitor, "/inspector")
    for _ in range(2):
        click(tab, "Run All")
        expect(tab.get_by_test_id("attacks").locator(".badge.passed").first).to_be_visible()
    other = Browser(app)
    other.log_in()
    devices = tab.get_by_test_id("devices").locator("li.device")
    expect(devices.nth(1)).to_be_visible()
    other.log_out()
    assert john.update({"name": "Followed"}).status_code == 200
    expect(tab.get_by_test_id("representations").get_by_text("Followed").first).to_be_visible()


def test_translated_page_for_administrators_follows_roles(app: Server, visitor: Visitor) -> None:
    jane = Browser(app)
    jane.log_in("jane_admin")
    visitor.keep(jane.cookies)
    tab = translated(visitor, "/admin")
    row = tab.locator("li").filter(has=tab.locator("#person-john_doe"))
    for role, other in (("admin", "user"), ("user", "admin")):
        row.get_by_role("button", name=f"Make {role}").click()
        expect(row.locator(".badge")).to_have_text(role)
        expect(row.get_by_role("button", name=f"Make {other}")).to_be_visible()


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_translated_page_switches_languages(visitor: Visitor, path: str) -> None:
    tab = translated(visitor, path)
    for language in ("zh", "en"):
        tab.locator(f"button[lang={language}]").click()
        expect(tab.locator(f"html[lang={language}]")).to_be_attached()
        expect(tab.locator("button[type=submit]")).to_be_enabled()
        tab.evaluate(TRANSLATE)
