"""Helpers that Reflex sends as text, and the setting that allows what the policy forbids."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, FilePayload, Page, expect

from authdemo.testing import wait_until
from tests.browser import launched
from tests.e2e.visitor import Visitor, click, is_connected
from tests.guards.conftest import with_pages_of
from tests.support import apps
from tests.support.server import Server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def strict_app(app: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same app, whose log may hold reports of violations."""
    folder = with_pages_of(app, tmp_path_factory.mktemp("strict"))
    with apps.serving_built(folder, {}) as server:
        yield server


@pytest.fixture
def visitor(app: Server, chromium: Browser) -> Iterator[Visitor]:
    with Visitor.with_own_browser(chromium, app.url) as visitor:
        visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield visitor
        visitor.saw_no_complaint()


@pytest.fixture
def tab(visitor: Visitor) -> Page:
    tab = visitor.open("/helpers")
    is_connected(tab)
    return tab


def toasts(tab: Page, *texts: str) -> None:
    expect(tab.locator("[data-sonner-toast] [data-title]")).to_have_text(list(texts))


def test_toasts_of_a_handler_appear_and_are_dismissed(tab: Page) -> None:
    click(tab, "praise")
    toasts(tab, '"Well" (done)]: {["')
    click(tab, "dismiss")
    toasts(tab)
    click(tab, "fall_back")
    toasts(tab, "It \\ failed")


@pytest.mark.parametrize("button", ["scroll", "page_scroll"])
def test_helper_scrolls(tab: Page, button: str) -> None:
    click(tab, button)
    expect(tab.locator("#bottom")).to_be_in_viewport()


@pytest.mark.parametrize(
    ("button", "text"), [("copy", 'It\'s "copied"\n'), ("page_copy", "copied in the page")]
)
def test_helper_copies(tab: Page, button: str, text: str) -> None:
    click(tab, button)
    wait_until(lambda: tab.evaluate("navigator.clipboard.readText()") == text)


@pytest.mark.parametrize("button", ["clear", "page_clear"])
def test_helper_clears_chosen_files(tab: Page, button: str) -> None:
    will = FilePayload(name="will.txt", mimeType="text/plain", buffer=b"")
    tab.locator("input[type=file]").set_input_files(will)
    expect(tab.locator("li")).to_have_text("will.txt")
    click(tab, button)
    expect(tab.locator("li")).to_have_count(0)


def test_other_helpers_of_a_handler_work(app: Server, visitor: Visitor, tab: Page) -> None:
    shown: list[str] = []

    def accept(dialog: Dialog) -> None:
        shown.append(dialog.message)
        dialog.accept()

    tab.on("dialog", accept)
    for button in ("rest", "cancel", "write", "page_write", "warn"):
        click(tab, button)
    wait_until(lambda: tab.evaluate("1") and shown == ["A warning"])
    assert {"A line", "A line of the page"} <= set(visitor.console)
    click(tab, "focus")
    expect(tab.locator("#bottom")).to_be_focused()
    uploaded = app.log.parent / "uploaded_files" / "a picture.png"
    uploaded.parent.mkdir(exist_ok=True)
    uploaded.touch()
    with tab.expect_download() as loaded:
        click(tab, "download")
    assert loaded.value.url.endswith("/_upload/a%20picture.png")


def test_handler_goes_back(visitor: Visitor, tab: Page) -> None:
    tab.goto(visitor.url + "/about")
    tab.goto(visitor.url + "/helpers")
    is_connected(tab)
    click(tab, "turn_back")
    tab.wait_for_url(visitor.url + "/about")


def test_components_of_reflex_work(visitor: Visitor) -> None:
    tab = visitor.open("/gallery")
    is_connected(tab)
    for shown in ("strong", ".katex", "code", "time", ".recharts-bar-rectangle"):
        expect(tab.locator(shown).first).to_be_visible()
    click(tab, "More")
    expect(tab.get_by_text("What is inside")).to_be_visible()
    click(tab, "Open the drawer")
    expect(tab.get_by_role("dialog", name="Drawer")).to_be_visible()
    click(tab, "Close the drawer")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    was_dark = "dark" in (tab.locator("html").get_attribute("class") or "")
    click(tab, "Toggle colors")
    expect(tab.locator("html")).to_have_class(re.compile("light" if was_dark else "dark"))


def test_data_editor_edits(visitor: Visitor) -> None:
    tab = visitor.open("/gallery")
    is_connected(tab)
    cells = tab.get_by_test_id("data-grid-canvas")
    cells.dblclick(position={"x": 20, "y": 50}, force=True)  # what scrolls lies above
    tab.locator("#portal textarea").fill("Augusta")
    tab.keyboard.press("Enter")
    expect(tab.locator("#edited")).to_have_text("Augusta")


@pytest.mark.parametrize("button", ["write_code", "page_code"])
def test_other_text_is_not_run_and_names_the_setting(
    strict_app: Server, chromium: Browser, button: str
) -> None:
    with Visitor.with_own_browser(chromium, strict_app.url) as visitor:
        tab = visitor.open("/helpers")
        is_connected(tab)
        click(tab, button)
        wait_until(lambda: tab.evaluate("1") and "allow_eval=True" in "".join(visitor.console))
        assert sum("allow_eval=True" in text for text in visitor.console) == 1
        wait_until(lambda: "allow_eval=True" in strict_app.logged())
        (line,) = [each for each in strict_app.logged().splitlines() if "allow_eval=True" in each]
        assert "forbids eval as script-src" in line


def test_violation_is_said_once_in_the_console_and_the_log(
    strict_app: Server, chromium: Browser
) -> None:
    setting = 'SessionsPlugin(..., csp={"frame-src": ["https://maps.example"]})'
    for _ in range(2):
        with Visitor.with_own_browser(chromium, strict_app.url) as visitor:
            tab = visitor.open("/abroad")
            is_connected(tab)
            wait_until(
                lambda visitor=visitor, tab=tab: (
                    tab.evaluate("1") and any(setting in text for text in visitor.console)
                )
            )
            assert sum(setting in text for text in visitor.console) == 1
    wait_until(lambda: setting in strict_app.logged())
    assert len(re.findall(re.escape(setting), strict_app.logged())) == 1
