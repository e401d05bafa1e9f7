"""An account's life with mail, in two browsers: verify, reset, sign in by a link."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from authdemo.testing import wait_until
from tests.e2e.visitor import Visitor, click, field_of, is_connected
from tests.support.mail import link_in
from tests.support.server import Server

PASSWORD = "a bird in a gilded cage"
NEW = "another bird in another cage"
_numbers = itertools.count()


@pytest.fixture
def address(visitor: Visitor) -> str:
    """The address of a user who has registered in the visitor's browser."""
    name = f"mary{next(_numbers)}"
    tab = visitor.open("/register")
    is_connected(tab)
    fields = {"id": name, "name": "Mary", "email": f"{name}@example.org", "password": PASSWORD}
    for field, text in fields.items():
        tab.locator(f"[name={field}]").fill(text)
    click(tab, "Register")
    tab.wait_for_url(visitor.url + "/")
    visitor.is_live(tab)
    tab.close()
    return fields["email"]


@pytest.fixture
def mailed(app: Server, address: str) -> Callable[..., str]:
    """Wait for a mail, and return its link's path."""

    def mailed(subject: str, to: str = "") -> str:
        return link_in(app.outbox.wait_for(to or address, subject)).removeprefix(app.url)

    return mailed


def has_hidden_token(tab: Page) -> None:
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    wait_until(lambda: tab.evaluate("!location.search.includes('token')"))


def request(visitor: Visitor, link: str, address: str) -> Page:
    """Follow a link of the sign-in page, and send the address."""
    tab = visitor.open("/login")
    is_connected(tab)
    tab.get_by_role("link", name=link).click()
    tab.wait_for_url(re.compile("/(forgot|sign-in-link)"))
    tab.locator("[name=email]").fill(address)
    click(tab, "Send Link")
    expect(tab.get_by_role("status").filter(has_text="on its way")).to_be_visible()
    return tab


def test_address_is_verified_in_one_tab_and_seen_in_another(
    visitor: Visitor, mailed: Callable[..., str], address: str
) -> None:
    account, link = visitor.open("/account"), visitor.open(mailed("Verify"))
    expect(account.get_by_test_id("email-verified")).to_have_text("Not verified")
    has_hidden_token(link)
    expect(link.get_by_text(f"Verify the address {address}")).to_be_visible()
    expect(account.get_by_test_id("email-verified")).to_have_text("Not verified")
    click(link, "Verify Address")
    expect(link.get_by_role("status").filter(has_text="is verified")).to_be_visible()
    expect(account.get_by_test_id("email-verified")).to_have_text("Verified")


def test_other_browser_verifies_nothing_before_its_user_logs_in(
    second_device: Visitor, mailed: Callable[..., str], address: str
) -> None:
    name = address.partition("@")[0]
    link = second_device.open(mailed("Verify"))
    has_hidden_token(link)
    expect(link.get_by_text(f"log in as {name} in this browser")).to_be_visible()
    expect(link.get_by_role("button", name="Verify Address")).to_have_count(0)
    expect(link.get_by_role("link", name="Set a new password")).to_have_attribute("href", "/forgot")
    link.get_by_role("link", name="Log in").click()
    link.wait_for_url(re.compile("/login"))
    is_connected(link)
    second_device.log_in(link, name, PASSWORD)
    link.wait_for_url(second_device.url + "/verify")
    click(link, "Verify Address")
    expect(link.get_by_role("status").filter(has_text="is verified")).to_be_visible()


def test_forgotten_password_is_reset_and_the_other_browser_leaves(
    visitor: Visitor, second_device: Visitor, mailed: Callable[..., str], address: str
) -> None:
    other = second_device.open("/login")
    is_connected(other)
    second_device.log_in(other, address.partition("@")[0], PASSWORD)
    other.wait_for_url(visitor.url + "/")
    visitor.context.clear_cookies()
    tab = request(visitor, "Forgot your password?", address)
    tab.goto(visitor.url + mailed("Reset"))
    has_hidden_token(tab)
    tab.reload()
    tab.get_by_label("New password").fill("short")
    click(tab, "Set Password")
    expect(tab.get_by_role("alert").filter(has_text="8 characters")).to_be_visible()
    tab.get_by_label("New password").fill(NEW)
    click(tab, "Set Password")
    expect(tab.get_by_role("status").filter(has_text="password is set")).to_be_visible()
    other.wait_for_url(re.compile("/login"))
    tab.get_by_role("link", name="Log in").click()
    tab.wait_for_url(visitor.url + "/login")
    is_connected(tab)
    visitor.log_in(tab, address.partition("@")[0], NEW)
    expect(field_of(tab, "email")).to_have_text(address)
    assert not any(NEW in line for line in (*visitor.console, *second_device.console))


def test_link_signs_in_here_and_asks_elsewhere(
    visitor: Visitor, second_device: Visitor, mailed: Callable[..., str], address: str
) -> None:
    visitor.context.clear_cookies()
    here = request(visitor, "Email me a sign-in link", address)
    path = mailed("sign-in link")
    there = second_device.open(path)
    expect(there.get_by_role("button", name="Sign In Here")).to_be_visible()
    expect(there.get_by_role("alert").filter(has_text="another browser")).to_be_visible()
    here.goto(visitor.url + path)
    has_hidden_token(here)
    click(here, "Sign In")
    here.wait_for_url(visitor.url + "/")
    expect(field_of(here, "email")).to_have_text(address)
    click(there, "Sign In Here")
    expect(there.get_by_role("alert").filter(has_text="was used")).to_be_visible()


def test_address_is_changed_with_a_fresh_proof_and_undone_by_the_old_one(
    visitor: Visitor, second_device: Visitor, mailed: Callable[..., str], address: str
) -> None:
    tab, new = visitor.open("/account"), f"new.{address}"
    is_connected(tab)
    click(tab, "Change")
    tab.get_by_label("New e-mail address").fill(new)
    click(tab, "Send Link")
    expect(tab.get_by_role("status").filter(has_text=new)).to_be_visible()
    link = visitor.open(mailed("new e-mail", new))
    click(link, "Use This Address")
    expect(field_of(tab, "email")).to_have_text(new)
    link = second_device.open(mailed("address was changed"))
    click(link, "Undo the Change")
    expect(link.get_by_role("status").filter(has_text=f"{address} again")).to_be_visible()
    tab.wait_for_url(re.compile("/login"))


def test_pages_are_in_chinese_and_the_mail_too(visitor: Visitor, app: Server, address: str) -> None:
    tab = visitor.open("/forgot")
    is_connected(tab)
    click(tab, "中文")
    expect(tab.get_by_role("heading", level=1)).to_have_text("忘记密码？")
    is_connected(tab)
    tab.locator("[name=email]").fill(address)
    click(tab, "发送链接")
    expect(tab.get_by_role("status").filter(has_text="邮件正在发送")).to_be_visible()
    mail = app.outbox.wait_for(address, "重置你的密码")
    tab.goto(link_in(mail))
    expect(tab.get_by_role("heading", level=1)).to_have_text("设置新密码")
