"""Forms and pages look right in bare, Radix and Tailwind apps, wide and narrow, light and dark."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from authdemo.devtools.attacks import ATTACKS
from authdemo.devtools.component import PARTS
from tests.audit.axe import findings
from tests.browser import launched, new_context
from tests.e2e.visitor import click, is_connected
from tests.support import apps
from tests.support.server import Server

APP = Path(__file__).parent / "app"
TOUCH = 44  # px, WCAG 2.5.5
STYLE_OF = """element => {
    const { borderTopWidth, borderTopStyle, borderTopColor, backgroundColor, color, marginLeft } =
        getComputedStyle(element);
    const { width, height } = element.getBoundingClientRect();
    return { borderTopWidth, borderTopStyle, borderTopColor, backgroundColor, color, marginLeft,
             width, height };
}"""
IS_WITHIN = "document.documentElement.scrollWidth <= innerWidth"
TRANSPARENT = "rgba(0, 0, 0, 0)"


@pytest.fixture(scope="module", params=["bare", "radix", "tailwind"])
def app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp(request.param) / "app"
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    apps.adopt(folder)
    with apps.serving(folder, {"LOOK": request.param, "AUTH_COOKIE_PREFIX": "shop"}) as server:
        yield server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as chromium:
        yield chromium


WIDE = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", "locale": "en"}
NARROW = {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark", "locale": "zh-CN"}


@pytest.fixture(params=[WIDE, NARROW], ids=["wide-light-english", "narrow-dark-chinese"])
def tab(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    with new_context(chromium, bypass_csp=True, **request.param) as context:
        yield context.new_page()


def has_border(element: Locator) -> None:
    style = element.evaluate(STYLE_OF)
    assert (style["borderTopWidth"], style["borderTopStyle"]) == ("1px", "solid")
    assert style["borderTopColor"] not in (TRANSPARENT, style["backgroundColor"])
    assert style["height"] >= TOUCH


def is_filled(button: Locator) -> None:
    style = button.evaluate(STYLE_OF)
    assert style["backgroundColor"] not in (TRANSPARENT, style["color"])
    assert style["height"] >= TOUCH


def is_neat(tab: Page) -> None:
    assert tab.evaluate(IS_WITHIN)
    assert findings(tab) == []


def status_of(tab: Page, url: str) -> int:
    response = tab.goto(url)
    assert response
    return response.status


def log_in(tab: Page, app: Server) -> None:
    tab.goto(f"{app.url}/login")
    is_connected(tab)
    tab.locator("[name=id]").fill("ada")
    tab.locator("[name=password]").fill("tutorial")
    tab.locator("[type=submit]").click()
    tab.wait_for_url(f"{app.url}/")


@pytest.mark.parametrize("path", ["/login", "/forms"])
def test_sign_in_form_has_borders_and_contrast(app: Server, tab: Page, path: str) -> None:
    tab.goto(f"{app.url}{path}?error=CredentialsSignin")
    expect(tab.get_by_role("alert").first).to_be_visible()
    is_connected(tab)
    for name in ("id", "password"):
        has_border(tab.locator(f"[name={name}]"))
    is_filled(tab.locator("[type=submit]"))
    has_border(tab.locator(".auth-providers button"))
    is_neat(tab)


def test_register_form_marks_invalid_fields(app: Server, tab: Page) -> None:
    tab.goto(f"{app.url}/register")
    is_connected(tab)
    plain = tab.locator("[name=id]").evaluate(STYLE_OF)["borderTopColor"]
    tab.locator("[type=submit]").click()
    expect(tab.locator("[name=id][aria-invalid=true]")).to_be_visible()
    for name in ("id", "name", "email", "password"):
        field = tab.locator(f"[name={name}]")
        has_border(field)
        assert field.evaluate(STYLE_OF)["borderTopColor"] != plain
    is_filled(tab.locator("[type=submit]"))
    is_neat(tab)


def test_dialog_is_centered(app: Server, tab: Page) -> None:
    tab.goto(f"{app.url}/forms")
    is_connected(tab)
    click(tab, "End all")
    style = tab.locator("dialog[open]").evaluate(STYLE_OF)
    left = float(style["marginLeft"].removesuffix("px"))
    assert abs(2 * left + style["width"] - tab.evaluate("innerWidth")) <= 1
    is_filled(tab.locator("dialog .auth-button:not(.auth-quiet)"))
    is_neat(tab)


def test_403_page_names_the_user_and_offers_another_account(app: Server, tab: Page) -> None:
    log_in(tab, app)
    assert status_of(tab, f"{app.url}/closed?a=b") == 403
    expect(tab.get_by_role("main")).to_contain_text("Ada Lovelace")
    expect(tab.locator("a")).to_have_attribute("href", "/")
    is_filled(tab.get_by_role("button"))
    is_neat(tab)
    tab.get_by_role("button").click()
    tab.wait_for_url(f"{app.url}/login?callbackUrl=/closed%3Fa%3Db")
    assert "shop.session-token" not in {each["name"] for each in tab.context.cookies()}


def test_confirm_page_has_borders_and_contrast(app: Server, tab: Page) -> None:
    log_in(tab, app)
    tab.goto(f"{app.url}/confirm")
    is_connected(tab)
    has_border(tab.locator("[name=password]"))
    is_filled(tab.locator("[type=submit]"))
    is_neat(tab)


def test_404_page_helps_after_a_link_and_an_address(app: Server, tab: Page) -> None:
    tab.goto(f"{app.url}/nowhere", referer=f"{app.url}/forms")
    words = tab.get_by_role("main").inner_text().split()
    is_neat(tab)
    tab.goto(f"{app.url}/forms")
    is_connected(tab)
    tab.get_by_role("link", name="Nowhere").click()
    tab.wait_for_url(f"{app.url}/nowhere")
    expect(tab.locator(".auth-page h1")).to_be_visible()
    assert tab.get_by_role("main").inner_text().split() == words
    expect(tab.locator("a")).to_have_attribute("href", "/")
    is_neat(tab)
    tab.get_by_role("button", name=re.compile("Back|返回上一页")).click()
    tab.wait_for_url(f"{app.url}/forms")


def test_variables_of_the_app_replace_the_defaults(app: Server, tab: Page) -> None:
    tab.goto(f"{app.url}/forms")
    is_connected(tab)
    tab.evaluate("""() => {
        const style = document.createElement("style");
        style.textContent = ":root { --auth-accent: rgb(1, 2, 3); --auth-radius: 7px }";
        document.head.prepend(style);
    }""")
    button = tab.locator("[type=submit]")
    expect(button).to_have_css("background-color", "rgb(1, 2, 3)")
    expect(button).to_have_css("border-radius", "7px")


PANEL_STYLE = """element => {
    const { fontSize, color, backgroundColor, letterSpacing, padding, margin } =
        getComputedStyle(element);
    return { fontSize, color, backgroundColor, letterSpacing, padding, margin };
}"""
PANEL = {"fontSize": "13px", "letterSpacing": "normal", "padding": "0px", "margin": "0px"}
PAGE_STYLE = """() => [...document.querySelectorAll("main, main *, h1")].map(element => {
    const { font, color, backgroundColor, padding } = getComputedStyle(element);
    return [element.localName, font, color, backgroundColor, padding];
})"""


def test_panel_looks_the_same_and_leaves_the_page_as_it_is(app: Server, tab: Page) -> None:
    log_in(tab, app)
    tab.goto(f"{app.url}/forms")
    is_connected(tab)
    tab.get_by_test_id("devtools-toggle").click()
    panel = tab.get_by_test_id("devtools")
    for name in PARTS:
        panel.locator(f"#tab-{name}").click()
        expect(panel.locator(".part")).to_be_visible()
        is_neat(tab)
    page = tab.evaluate(PAGE_STYLE)
    style = panel.evaluate(PANEL_STYLE)
    dark = tab.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert style["color"] == ("rgb(228, 232, 239)" if dark else "rgb(29, 35, 48)")
    assert style["backgroundColor"] == ("rgb(21, 26, 34)" if dark else "rgb(255, 255, 255)")
    assert style.items() >= PANEL.items()
    tab.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    assert tab.evaluate(PAGE_STYLE) == page


def test_attacks_on_an_app_of_its_own_are_stopped(app: Server, tab: Page) -> None:
    log_in(tab, app)
    tab.get_by_test_id("devtools-toggle").click()
    panel = tab.get_by_test_id("devtools")
    panel.locator("#tab-attacks").click()
    panel.locator("button.main").click()
    expect(panel.locator(".badge.passed")).to_have_count(len(ATTACKS))
    expect(panel.get_by_role("status")).to_contain_text("19")
