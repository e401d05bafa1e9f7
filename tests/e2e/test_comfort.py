"""Everybody finds their way: in their language and light, by keyboard, on a small screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, Page, ViewportSize, expect

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
    assert has_glow(name) is glows
    assert has_glow(tab.get_by_role("banner").get_by_text("Client-Man")) is glows
    assert not has_glow(field_of(tab, "email"))


def test_changed_row_of_the_administrators_glows_and_a_found_one_does_not(
    visitor: Visitor,
) -> None:
    visitor.sign_in("jane_admin")
    people = visitor.open("/admin")
    role = people.get_by_role("listitem").filter(has_text="john_doe").locator(".badge")
    expect(role).to_have_text("user")
    for made in ("admin", "user"):
        click_in(people, "john_doe", f"Make {made}")
        expect(role).to_have_text(made)
        assert has_glow(role)
    people.get_by_role("searchbox").fill("jane")
    click(people, "Search")
    jane = people.get_by_role("listitem").filter(has_text="jane_admin")
    expect(people.get_by_role("listitem").filter(has_text="john_doe")).to_have_count(0)
    assert not has_glow(jane.locator(".badge"))


@pytest.mark.parametrize(
    ("path", "button"),
    [
        ("/", "Client Side Update"),
        ("/", "Server Side Update"),
        ("/client", "Client Side Update"),
    ],
)
def test_update_that_changes_nothing_says_so(visitor: Visitor, path: str, button: str) -> None:
    tab = visitor.logged_in(path)
    said = tab.get_by_role("status").get_by_text("Nothing changed")
    click(tab, button)
    expect(field_of(tab, "rev")).to_have_text("2")
    expect(tab.get_by_role("button", name=button)).to_have_attribute("aria-busy", "false")
    expect(said).to_have_count(0)
    for _ in range(2):
        click(tab, button)
        expect(said).to_be_visible()
        expect(tab.get_by_role("button", name=button)).to_have_attribute("aria-busy", "false")
    expect(said).to_have_count(1)
    expect(field_of(tab, "rev")).to_have_text("2")
    tab.reload()
    visitor.is_live(tab)
    expect(said).to_have_count(0)


def test_saved_profile_with_the_same_values_says_that_nothing_changed(visitor: Visitor) -> None:
    tab = visitor.logged_in("/account")
    tab.get_by_label("Name").fill("John Doe ")
    click(tab, "Save")
    expect(tab.get_by_role("status").get_by_text("Nothing changed")).to_be_visible()
    expect(tab.get_by_text("Your profile is saved.")).to_have_count(0)
    expect(tab.get_by_label("Name")).to_have_value("John Doe")


@pytest.mark.parametrize(
    ("locale", "language", "pattern"),
    [
        ("en-GB", "en", r"in 29 days · \d{1,2} \w{3,4} 20\d\d, \d\d:\d\d"),
        ("en-US", "en", r"in 29 days · \w{3} \d{1,2}, 20\d\d, \d{1,2}:\d\d\W[AP]M"),
        ("en-US", "zh", r"29天后 · 20\d\d年\d{1,2}月\d{1,2}日 \d\d:\d\d"),
    ],
)
def test_time_is_relative_and_exact_in_the_visitors_own_format(
    app: Server, chromium: Chromium, locale: str, language: str, pattern: str
) -> None:
    with new_context(chromium, locale=locale) as context:
        context.add_cookies([{"name": "language", "value": language, "url": app.url}])
        tab = Visitor(context, app.url).logged_in("/client")
        time = tab.get_by_role("time")
        expect(time).to_have_text(re.compile(f"^{pattern}$"))
        exact = datetime.fromisoformat(str(time.get_attribute("datetime")))
        shown = datetime.fromisoformat(field_of(tab, "expires").inner_text())
        assert abs((exact - shown).total_seconds()) < 1


def test_time_keeps_itself_current(visitor: Visitor) -> None:
    visitor.context.clock.install()
    tab = visitor.logged_in("/client")
    time = tab.get_by_role("time")
    expect(time).to_have_text(re.compile("^in 29 days"))
    tab.clock.fast_forward(20_000)
    click(tab, "Client Side Update")
    expect(field_of(tab, "rev")).to_have_text("2")
    expect(time).to_have_text(re.compile("^in 29 days"))
    tab.clock.fast_forward(48 * 3_600_000)
    expect(time).to_have_text(re.compile("^in 27 days"))


def has_glow(field: Locator) -> bool:
    return bool(field.evaluate("(element) => element.getAnimations().length"))


def click_in(people: Page, account: str, button: str) -> None:
    row = people.get_by_role("listitem").filter(has_text=account)
    row.get_by_role("button", name=button, exact=True).click()


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
    expect(tab.locator("[name=id]")).to_be_focused()
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


def test_log_out_button_has_one_line_beside_a_long_name_on_a_phone(visitor: Visitor) -> None:
    tab = visitor.logged_in()
    tab.set_viewport_size(PHONE)
    click(tab, "Server Side Update")
    expect(tab.get_by_role("banner")).to_contain_text("Serverserver-man")
    words = tab.get_by_role("button", name="Log Out")
    lines = words.evaluate(
        "(button) => { const range = new Range(); range.selectNodeContents(button);"
        " return range.getBoundingClientRect().height; }"
    )
    assert lines < 30


def test_save_is_confirmed_by_a_toast_that_can_be_dismissed(visitor: Visitor) -> None:
    tab = visitor.logged_in("/account")
    tab.get_by_label("Name").fill("Ada")
    click(tab, "Save")
    toast = tab.get_by_role("status").get_by_text("Your profile is saved.")
    expect(toast).to_be_visible()
    dismiss = tab.get_by_role("button", name="Dismiss")
    dismiss.focus()
    dismiss.press("Enter")
    expect(toast).to_have_count(0)


def test_toasts_vanish_in_time_after_one_is_dismissed(visitor: Visitor) -> None:
    visitor.context.clock.install()
    tab = with_two_toasts(visitor)
    toasts = tab.get_by_role("status").get_by_role("listitem")
    toasts.last.get_by_role("button").click()
    expect(toasts).to_have_count(1)
    tab.clock.fast_forward(10_000)
    expect(toasts).to_have_count(0)


def test_focus_moves_from_a_dismissed_toast_to_the_next_and_then_to_the_page(
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
    for name, said in (("Ada", "Your profile is saved."), ("Ada ", "Nothing changed")):
        tab.get_by_label("Name").fill(name)
        click(tab, "Save")
        expect(tab.get_by_role("status").get_by_text(said)).to_be_visible()
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
