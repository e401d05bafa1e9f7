from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from authdemo.testing import free_port
from tests.e2e.visitor import Visitor, click, field_of, is_connected
from tests.support import apps, development
from tests.support.server import ROOT, SECRET, Server

MADE = shutil.ignore_patterns("__pycache__", "external")  # the build itself fills assets/external
SOURCES = ("authdemo", "assets", "rxconfig.py", "requirements.txt")


@pytest.fixture(scope="module")
def developed(app: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app in development mode, in a folder of its own: two servers on two ports."""
    folder = tmp_path_factory.mktemp("development")
    copy_sources(folder)
    apps.adopt(folder, ROOT)  # `app` is built there
    pages, api = free_port(), free_port()
    start = partial(started, folder, pages, api)
    with development.served(start, f"http://127.0.0.1:{api}") as server:
        yield server


@contextlib.contextmanager
def started(folder: Path, pages: int, api: int) -> Iterator[Server]:
    ports = {"PORT": str(pages), "AUTH_DEV_API_PORT": str(api), "HOST": "127.0.0.1"}
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "authdemo", "dev"],
            cwd=folder,
            env={**os.environ, **ports, "AUTH_SECRET": SECRET, "PYTHONPATH": str(folder)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Server(f"http://localhost:{pages}", log, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@pytest.fixture
def developer(developed: Server, chromium: Browser) -> Iterator[Visitor]:
    with Visitor.with_own_browser(chromium, developed.url) as visitor:
        yield visitor
        visitor.saw_no_complaint()


def test_login_and_updates_work_with_pages_and_api_on_two_ports(developer: Visitor) -> None:
    home, client = developer.open("/"), developer.open("/client")
    for tab in (home, client):
        tab.wait_for_url(re.compile("/login"), timeout=60_000)
        is_connected(tab)
    developer.log_in(home)
    for tab, path in ((home, "/"), (client, "/client")):
        tab.wait_for_url(developer.url + path)
        expect(field_of(tab, "name")).to_have_text("John Doe")
    for tab, button, name in (
        (client, "Client Side Update", "Client-Man"),
        (home, "Client Side Update", "Server-Man"),
        (home, "Server Side Update", "Serverserver-man"),
    ):
        click(tab, button)
        for each in (home, client):
            expect(field_of(each, "name")).to_have_text(name)
    click(home, "Log Out")
    for tab in (home, client):
        tab.wait_for_url(re.compile("/login"))


def test_devtools_are_on_every_page_and_may_change_a_role(developer: Visitor) -> None:
    page = developer.open("/login?callbackUrl=/client")
    is_connected(page)
    page.get_by_test_id("devtools-toggle").click(timeout=60_000)
    panel = page.get_by_test_id("devtools")
    expect(panel).to_contain_text("You are not signed in.", timeout=60_000)
    developer.log_in(page)
    page.wait_for_url(developer.url + "/client")
    expect(panel.locator("[data-representation=token]")).to_have_text("rev 1")
    for name in ("view", "json", "token"):
        expect(panel.locator(f"[data-representation={name}]")).to_have_text("rev 1")
    panel.get_by_role("button", name="Role: admin").click()
    expect(field_of(page, "role")).to_have_text("admin")
    panel.get_by_role("tab", name="Attacks").click()
    panel.get_by_role("button", name="Run All").click()
    expect(panel.get_by_role("status")).to_have_text("19 of 19 stopped", timeout=60_000)


def copy_sources(folder: Path) -> None:
    for source in SOURCES:
        path = ROOT / source
        if path.is_dir():
            shutil.copytree(path, folder / source, ignore=MADE)
        else:
            shutil.copy(path, folder / source)
