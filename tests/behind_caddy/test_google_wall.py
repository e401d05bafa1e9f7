"""An app with sign-in at Google, uploads and static pages, after it adopted the package."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import FilePayload, Page, expect

from authdemo.testing import free_port
from tests.behind_caddy.conftest import (
    EXAMPLES,
    Deployment,
    Example,
    started,
    visiting,
)
from tests.browser import launched
from tests.e2e.visitor import Visitor, click, is_connected
from tests.examples.test_radix_app import PHOTO, toast
from tests.oidc.cheat import CLIENT, Cheat
from tests.support import apps, caddy
from tests.support.server import SECRET

PICTURE = FilePayload(name="fern.png", mimeType="image/png", buffer=PHOTO)
LOOPBACK = {"REFLEX_BACKEND_HOST": "127.0.0.1", "AUTH_TRUSTED_PROXIES": "127.0.0.1"}


@pytest.fixture(scope="module")
def google() -> Iterator[Cheat]:
    """A provider in Google's place, where Eve is signed in."""
    with Cheat() as provider:
        yield provider


@pytest.fixture(scope="module")
def example() -> Example:
    site = f"wall.localhost:{free_port()}"
    google = {"GOOGLE_ID": CLIENT, "GOOGLE_SECRET": "the client's secret for tests, 32 bytes"}
    return Example(
        EXAMPLES / "google_wall" / "after", {"SITE": site, "AUTH_SECRET": SECRET} | google
    )


def copied(example: Example, folder: Path) -> Path:
    """Copy the app, with the npm packages of the other apps."""
    shutil.copytree(example.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    apps.adopt(folder)
    return folder


@pytest.fixture(scope="module")
def deployment(
    tmp_path_factory: pytest.TempPathFactory, example: Example, google: Cheat
) -> Iterator[Deployment]:
    """The app by its Dockerfile, its services and its Caddyfile."""
    folder = copied(example, tmp_path_factory.mktemp("wall") / "app")
    example.build(folder, "reflex export", REFLEX_API_URL=f"https://{example.variables['SITE']}")
    (command,) = example.instructions("CMD")
    port = str(free_port())
    here = {**LOOPBACK, "REFLEX_BACKEND_PORT": port, "GOOGLE_ISSUER": google.issuer}
    pages = {"APP": f"127.0.0.1:{port}", "PAGES": str(folder / ".web" / "build" / "client")}
    declared = example.environment("app") | here
    log = folder.parent / "log"
    with (
        started(folder, log, port, yaml.safe_load(command)[1:], declared) as app,
        caddy.running(
            folder.parent, example.folder / "Caddyfile", **example.environment("caddy"), **pages
        ) as front,
    ):
        yield Deployment(app, front)


@pytest.fixture
def visitor(deployment: Deployment) -> Iterator[Visitor]:
    with visiting(deployment.caddy) as visitor:
        yield visitor


@pytest.fixture
def developer(tmp_path: Path, example: Example, google: Cheat) -> Iterator[Visitor]:
    """A visitor of the app in development."""
    folder = copied(example, tmp_path / "app")
    environ = {"GOOGLE_ISSUER": google.issuer, "GOOGLE_ID": CLIENT}
    with (
        apps.developing(folder, environ) as app,
        launched() as chromium,
        Visitor.with_own_browser(chromium, app.url) as visitor,
    ):
        yield visitor
        visitor.saw_no_complaint()


def sign_in(tab: Page) -> None:
    is_connected(tab)
    click(tab, "Sign in with Google")
    expect(tab.locator("#member")).to_have_text("Eve of the Provider")


def post(tab: Page, text: str) -> None:
    """Post a picture, and see it on the wall."""
    is_connected(tab)
    tab.get_by_placeholder("What is new?").fill(text)
    tab.locator("input[type=file]").set_input_files(PICTURE)
    expect(tab.locator("code")).to_have_text(["fern.png"])
    click(tab, "Post")
    expect(toast(tab, "It is on the wall.")).to_be_visible()
    tab.get_by_alt_text(text).evaluate("image => image.decode()")
    expect(tab.locator("code")).to_have_count(0)


def follow(tab: Page, link: str) -> None:
    tab.get_by_role("link", name=link, exact=True).click()
    expect(tab.get_by_role("heading", name=link)).to_be_visible()


def post_and_leave(visitor: Visitor) -> None:
    """Do all that a member does: sign in, post, look at the own posts in two tabs, sign out."""
    tab = visitor.open("/")
    sign_in(tab)
    post(tab, "A fern")
    follow(tab, "My posts")
    expect(tab.get_by_text("A fern")).to_be_visible()
    other = visitor.open("/mine")
    expect(other.get_by_text("A fern")).to_be_visible()
    follow(tab, "About")
    click(tab, "Sign out")
    for each in (tab, other):
        expect(each.locator("#member")).to_have_count(0)
    tab.wait_for_url(f"{visitor.url}/")
    expect(tab.get_by_text("A fern")).to_be_visible()


def test_member_posts_pictures_on_static_pages(visitor: Visitor) -> None:
    post_and_leave(visitor)


def test_link_to_own_posts_leads_signed_out_visitor_to_google_and_back(visitor: Visitor) -> None:
    tab = visitor.open("/about")
    is_connected(tab)
    tab.get_by_role("link", name="My posts").click()
    tab.wait_for_url("**/login?callbackUrl=/mine")
    is_connected(tab)
    click(tab, "Log in with Google")
    tab.wait_for_url(f"{visitor.url}/mine")
    expect(tab.get_by_role("heading", name="My posts")).to_be_visible()


def test_member_posts_pictures_in_development(developer: Visitor) -> None:
    post_and_leave(developer)
