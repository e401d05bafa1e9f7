"""An app with Radix themes, links, toasts and uploads, after it adopted the package."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browser import launched
from tests.e2e.visitor import Visitor, click, is_connected
from tests.support import apps
from tests.support.browser import Browser
from tests.support.server import ROOT, Server

EXAMPLE = ROOT / "examples" / "radix_app"
PHOTO = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FONT = "https://fonts.gstatic.com/inter.woff2"
LOADED_FONTS = """async () => {
    await document.fonts.load("1em Inter");
    return [...document.fonts].filter(each => each.status == "loaded").map(each => each.family);
}"""
STYLESHEET = f"@font-face {{ font-family: Inter; src: url({FONT}) format('woff2'); }}"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("radix") / "after"
    shutil.copytree(EXAMPLE / "after", folder)
    apps.adopt(folder)
    with apps.serving(folder, {"ALBUM_PASSWORD": apps.PASSWORD}) as server:
        yield server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched() as chromium:
        yield chromium


@pytest.fixture
def visitor(app: Server, chromium: Chromium) -> Iterator[Visitor]:
    with Visitor.with_own_browser(chromium, app.url) as visitor:
        serve_font(visitor, app)
        yield visitor
        visitor.saw_no_complaint()


def serve_font(visitor: Visitor, app: Server) -> None:
    """Answer for the servers of the font: the policy decides before a request is made."""
    fonts = app.log.parent / ".web" / "node_modules" / "katex" / "dist" / "fonts"
    font = (fonts / "KaTeX_Main-Regular.woff2").read_bytes()

    def respond(route: Route) -> None:
        is_font = route.request.url == FONT
        kind = "font/woff2" if is_font else "text/css"
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(body=font if is_font else STYLESHEET, content_type=kind, headers=headers)

    visitor.context.route("https://fonts.*/**", respond)


def member(visitor: Visitor, account: str, page: str) -> Page:
    visitor.sign_in(account)
    tab = visitor.open(page)
    is_connected(tab)
    return tab


def follow(tab: Page, link: str) -> None:
    is_connected(tab)
    tab.get_by_role("link", name=link, exact=True).click()


def toast(tab: Page, text: str):
    return tab.locator("[data-sonner-toast]").filter(has_text=text)


def test_link_to_protected_page_leads_to_sign_in_and_back(visitor: Visitor) -> None:
    tab = visitor.open("/")
    follow(tab, "Photos")
    tab.wait_for_url("**/login?callbackUrl=/photos")
    is_connected(tab)
    visitor.log_in(tab, "ada", button="Log in")
    tab.wait_for_url(f"{visitor.url}/photos")
    expect(tab.get_by_role("heading", name="Photos")).to_be_visible()
    expect(tab.get_by_text("0 photos of ada")).to_be_visible()


def test_redirect_by_a_button_leads_to_sign_in(visitor: Visitor) -> None:
    tab = visitor.open("/")
    is_connected(tab)
    click(tab, "Start")
    tab.wait_for_url("**/login?callbackUrl=/photos")
    expect(tab.get_by_role("button", name="Log in")).to_be_visible()


def test_photos_are_added_and_removed_with_preview_dialog_and_toasts(visitor: Visitor) -> None:
    tab = member(visitor, "grace", "/photos")
    click(tab, "Add")
    expect(toast(tab, "Choose a photo first.")).to_be_visible()
    photo = FilePayload(name="fern.png", mimeType="image/png", buffer=PHOTO)
    tab.locator("input[type=file]").set_input_files(photo)
    expect(tab.locator("code")).to_have_text(["fern.png"])
    click(tab, "Add")
    expect(toast(tab, "Added to the album of grace.")).to_be_visible()
    expect(tab.get_by_text("1 photos of grace")).to_be_visible()
    expect(tab.locator("code")).to_have_count(0)
    image = tab.get_by_alt_text("grace/fern.png")
    image.evaluate("image => image.decode()")
    click(tab, "Remove all")
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_contain_text("They can't be restored.")
    dialog.get_by_role("button", name="Keep them").click()
    expect(image).to_be_visible()
    click(tab, "Remove all")
    dialog.get_by_role("button", name="Remove").click()
    expect(toast(tab, "The album is empty.")).to_be_visible()
    expect(tab.get_by_text("0 photos of grace")).to_be_visible()


def test_background_task_reports_for_its_user(visitor: Visitor) -> None:
    tab = member(visitor, "ada", "/report")
    click(tab, "Make the report")
    expect(toast(tab, "The report for ada is ready.")).to_be_visible()
    expect(tab.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")


def test_markdown_font_and_colour_mode_are_as_before(visitor: Visitor) -> None:
    tab = visitor.open("/")
    is_connected(tab)
    expect(tab.locator(".katex").first).to_be_visible()
    assert {"Inter", "KaTeX_Main"} <= set(tab.evaluate(LOADED_FONTS))
    click(tab, "Colour mode")
    expect(tab.locator("html")).to_have_class("dark")
    tab.reload()
    expect(tab.locator("html")).to_have_class("dark")


def test_sign_out_in_one_tab_leaves_in_the_other(visitor: Visitor) -> None:
    first = member(visitor, "ada", "/photos")
    second = visitor.open("/report")
    is_connected(second)
    click(first, "Sign out")
    first.wait_for_url(f"{visitor.url}/")
    second.wait_for_url("**/login?callbackUrl=/report")


def test_route_reads_the_session_of_its_request(visitor: Visitor) -> None:
    request, url = visitor.context.request, f"{visitor.url}/api/photos"
    assert request.get(url).status == 401
    visitor.sign_in("ada")
    assert request.get(url).json() == []


def test_anonymous_visitor_gets_nothing_of_the_protected_pages(app: Server) -> None:
    built = app.log.parent / ".web" / "build" / "client"
    browser = Browser(app)
    for page, text in (("photos", "Drop photos here"), ("report", "Make the report")):
        assert browser.get(f"/{page}").headers["Location"] == f"/login?callbackUrl=/{page}"
        (script,) = (each for each in built.rglob("*.js") if text in each.read_text())
        assert text not in browser.get(f"/{script.relative_to(built)}").text


def test_app_before_adoption_has_the_same_pages() -> None:
    command = "from my_app import my_app as app; app.about(); app.photos(); app.report()"
    folder = EXAMPLE / "before"
    subprocess.run([sys.executable, "-c", command], cwd=folder, check=True, env={**os.environ})
