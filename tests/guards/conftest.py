from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.visitor import click
from tests.support import apps
from tests.support.browser import Browser
from tests.support.server import Server, doesnt_complain

APP = Path(__file__).parent / "app"
ICON = b"an icon"


def copied(folder: Path) -> Path:
    shutil.copytree(APP, folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    apps.adopt(folder / "app")
    return folder / "app"


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, as it is."""
    with apps.serving(copied(tmp_path_factory.mktemp("guards"))) as server:
        yield server


@pytest.fixture(scope="package")
def closed_app(app: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same app, in which everything is protected that isn't public, with an icon."""
    folder = with_pages_of(app, tmp_path_factory.mktemp("closed"))
    (folder / ".web" / "build" / "client" / "favicon.ico").write_bytes(ICON)
    with apps.serving_built(folder, {"PROTECT_ALL": "1"}) as server:
        yield server
        doesnt_complain(server)


def with_pages_of(app: Server, folder: Path) -> Path:
    """Copy the app with its built pages."""
    made = shutil.ignore_patterns("node_modules", "__pycache__", ".data", "log")
    return Path(shutil.copytree(app.log.parent, folder / "app", ignore=made))


@pytest.fixture
def nobody(app: Server) -> Browser:
    return Browser(app)


@pytest.fixture
def ada(app: Server) -> Browser:
    """A member."""
    return member(app, "ada")


@pytest.fixture
def grace(app: Server) -> Browser:
    """An administrator."""
    return member(app, "grace")


@pytest.fixture
def elsewhere(app: Server, ada: Browser) -> Iterator[None]:
    """Let the app send everybody elsewhere who proves who they are; Ada is in already."""
    with switched_on(app, "elsewhere"):
        yield


@pytest.fixture
def later(app: Server) -> Iterator[Callable[[float], None]]:
    """Set the app's clock forward."""
    yield from clock_of(app)


def clock_of(app: Server) -> Iterator[Callable[[float], None]]:
    """Give what sets the clock of an app forward, and set it right afterwards."""
    ahead = app.log.parent / "ahead"
    yield lambda seconds: write(ahead, str(seconds))
    ahead.unlink(missing_ok=True)


@contextmanager
def switched_on(app: Server, name: str) -> Iterator[None]:
    """Have the app behave in another way for a while; see its `auth.py`."""
    switch = app.log.parent / name
    switch.touch()
    try:
        yield
    finally:
        switch.unlink()


def write(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)


def file_a_will(tab: Page) -> None:
    """Send a file as Ada does with the page for it."""
    will = FilePayload(name="will.txt", mimeType="text/plain", buffer=b"All to the Engine")
    tab.locator("#papers input[type=file]").set_input_files(will)
    click(tab, "File")
    expect(tab.locator("#filed")).to_have_text("will.txt of ada")


def member(app: Server, account: str) -> Browser:
    browser = Browser(app)
    assert browser.log_in(account).status_code == 200
    return browser
