"""Everybody finds their way: in their language and light, by keyboard, on a small screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, ViewportSize, expect

from authdemo.testing import free_port
from tests.browser import new_context
from tests.e2e.visitor import Visitor, click, field_of, is_connected, loaded
from tests.support.browser import Browser
from tests.support.server import Server, running_in_trouble

PAGES = ("/", "/client", "/inspector", "/account", "/admin", "/register")
PHONE = ViewportSize(width=360, height=740)


@pytest.fixture(scope="module")
def jane_everywhere(app: Server) -> dict[str, str]:
    browser = Browser(app)
    browser.log_in("jane_admin")
    return browser.cookies


@pytest.fixture(params=["en-US", "zh-CN"])
def on_the_phone(
    request: pytest.FixtureRequest, app: Server, chromium: Chromium, jane_everywhere: dict[str, str]
) -> Iterator[Visitor]:
    with new_context(chromium, viewport=PHONE, locale=request.param, has_touch=True) as context:
        visitor = Visitor(context, app.url)
        visitor.keep(jane_everywhere)
        yield visitor


def background(tab: Page) -> str:
    return str(tab.evaluate("() => getComputedStyle(document.body).backgroundColor"))


def focus_is_on(tab: Page, name: str) -> bool:
    return bool(tab.evaluate("(name) => document.activeElement?.textContent.trim() === name", name))


def tab_to(tab: Page, name: str) -> None:
    """Press Tab until something of this name has the focus."""
    for _ in range(40):
        tab.keyboard.press("Tab")
        if focus_is_on(tab, name):
            return
    pytest.fail(f"{name} can't be reached by keyboard")


@pytest.mark.parametrize(("motion", "glows"), [("no-preference", True), ("reduce", False)])
def test_changed_value_glows_unless_motion_is_reduced(
    visitor: Visitor, motion: Literal["no-preference", "reduce"], *, glows: bool
) -> None:
    tab = visitor.logged_in("/client")
    tab.emulate_media(reduced_motion=motion)
    tab.reload()
    is_connected(tab)
    click(tab, "Client Side Update")
    name = field_of(tab, "name")
    expect(name).to_have_text("Client-Man")
    assert bool(name.evaluate("(element) => element.getAnimations().length")) is glows
    assert not field_of(tab, "email").evaluate("(element) => element.getAnimations().length")


def test_the_language_can_be_switched_and_is_remembered(visitor: Visitor) -> None:
    tab = visitor.open("/login")
    is_connected(tab)
    expect(tab.get_by_role("button", name="English")).to_have_attribute("aria-pressed", "true")
    click(tab, "中文")
    expect(tab.get_by_role("heading", level=1)).to_have_text("欢迎")
    expect(tab.locator("html")).to_have_attribute("lang", "zh")
    expect(tab).to_have_title("欢迎 · authdemo")
    expect(tab.get_by_role("button", name="中文")).to_have_attribute("aria-pressed", "true")
    tab.locator("[name=id]").fill("john_doe")
    tab.locator("[name=password]").fill("wrong")
    click(tab, "登录")
    expect(tab.get_by_role("alert")).to_have_text("账号或密码不正确。")
    visitor.log_in(tab, button="登录")
    expect(tab.get_by_role("heading", level=1)).to_have_text("首页")
    tab.get_by_role("link", name="检查器").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("检查器")
    expect(tab).to_have_title("检查器 · authdemo")
    click(tab, "English")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Inspector")


def test_light_and_dark_can_be_chosen_and_are_remembered(visitor: Visitor) -> None:
    tab = visitor.open("/login")
    is_connected(tab)
    light = background(tab)
    click(tab, "Dark")
    expect(tab.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    dark = background(tab)
    assert dark != light
    tab.reload()
    expect(tab.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    assert background(tab) == dark
    click(tab, "System")
    assert background(tab) == light
    tab.emulate_media(color_scheme="dark")
    expect(tab.locator("html")).to_have_class(re.compile("dark"))
    assert background(tab) == dark


def test_after_a_link_the_focus_is_on_the_new_heading(visitor: Visitor) -> None:
    tab = visitor.logged_in("/")
    for link, heading in (("Client", "Client Side Rendering Page"), ("Inspector", "Inspector")):
        tab.get_by_role("link", name=link, exact=True).click()
        title = tab.get_by_role("heading", level=1)
        expect(title).to_have_text(heading)
        expect(title).to_be_focused()
        current = tab.get_by_role("navigation").get_by_role("link", name=link, exact=True)
        expect(current).to_have_attribute("aria-current", "page")


def test_the_tutorial_can_be_done_by_keyboard_alone(visitor: Visitor) -> None:
    tab = visitor.open("/login")
    is_connected(tab)
    tab.keyboard.press("Tab")
    tab.keyboard.type("john_doe")
    tab.keyboard.press("Tab")
    tab.keyboard.type("tutorial")
    tab.keyboard.press("Enter")
    tab.wait_for_url(visitor.url + "/")
    visitor.is_live(tab)
    tab.keyboard.press("Tab")
    assert focus_is_on(tab, "Skip to the content")
    tab.keyboard.press("Enter")
    expect(tab.locator("#main")).to_be_focused()
    for button, name in (
        ("Client Side Update", "Server-Man"),
        ("Server Side Update", "Serverserver-man"),
    ):
        tab_to(tab, button)
        tab.keyboard.press("Enter")
        expect(field_of(tab, "name")).to_have_text(name)
        expect(tab.get_by_role("button", name=button)).to_be_focused()
    tab_to(tab, "Log Out")
    tab.keyboard.press("Enter")
    tab.wait_for_url(re.compile("/login"))


def test_a_small_screen_shows_a_page_without_scrolling_sideways(
    on_the_phone: Visitor, subtests: pytest.Subtests
) -> None:
    tab = on_the_phone.context.new_page()
    for path in PAGES:
        with subtests.test(path), loaded(on_the_phone, tab, path):
            expect(tab.get_by_role("main")).to_be_visible()
            tab.wait_for_load_state("networkidle")
            wide = tab.evaluate("() => document.documentElement.scrollWidth")
            assert wide <= PHONE["width"]


def test_what_was_saved_is_said_in_a_toast_that_can_be_dismissed(visitor: Visitor) -> None:
    tab = visitor.logged_in("/account")
    tab.get_by_label("Name").fill("Ada")
    click(tab, "Save")
    toast = tab.get_by_role("status").get_by_text("Your profile is saved.")
    expect(toast).to_be_visible()
    dismiss = tab.get_by_role("button", name="Dismiss")
    dismiss.focus()
    dismiss.press("Enter")
    expect(toast).to_have_count(0)


def test_who_dismisses_one_toast_is_not_kept_from_the_others_going(visitor: Visitor) -> None:
    visitor.context.clock.install()
    tab = with_two_toasts(visitor)
    toasts = tab.get_by_role("status").get_by_role("listitem")
    toasts.last.get_by_role("button").click()
    expect(toasts).to_have_count(1)
    tab.clock.fast_forward(10_000)
    expect(toasts).to_have_count(0)


def test_who_dismisses_toasts_by_keyboard_goes_on_to_the_next_and_then_to_the_page(
    visitor: Visitor,
) -> None:
    tab = with_two_toasts(visitor)
    buttons = tab.get_by_role("status").get_by_role("button")
    buttons.first.focus()
    tab.keyboard.press("Enter")
    expect(buttons).to_have_count(1)
    expect(buttons).to_be_focused()
    tab.keyboard.press("Enter")
    expect(buttons).to_have_count(0)
    expect(tab.get_by_role("heading", level=1)).to_be_focused()


def with_two_toasts(visitor: Visitor) -> Page:
    tab = visitor.logged_in("/account")
    for rev, name in enumerate(("Ada", "Grace"), start=2):
        tab.get_by_label("Name").fill(name)
        click(tab, "Save")
        expect(field_of(tab, "rev")).to_have_text(str(rev))
    expect(tab.get_by_role("status").get_by_role("listitem")).to_have_count(2)
    return tab


def test_a_connection_that_comes_back_says_so(chromium: Chromium, tmp_path: Path) -> None:
    port = str(free_port())
    with new_context(chromium) as context:
        with running_in_trouble(tmp_path, PORT=port) as server:
            tab = Visitor(context, server.url).open("/login")
            is_connected(tab)
            lost = tab.get_by_text("The connection is lost.")
            expect(lost).not_to_be_attached()
            server.process.terminate()
            expect(lost).to_be_visible()
        with running_in_trouble(tmp_path, PORT=port):
            back = tab.get_by_role("status").get_by_text("The connection is back.")
            expect(back).to_be_visible()
            expect(lost).not_to_be_attached()
