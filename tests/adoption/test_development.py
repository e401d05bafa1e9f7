"""README's ten lines in development mode: `reflex run`, with pages and API on two ports."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser import launch_options
from tests.e2e.visitor import Visitor, click, is_connected
from tests.support import apps
from tests.support.server import ROOT

IGNORED = shutil.ignore_patterns("__pycache__", ".web", ".data", ".states", "external")


def test_a_member_signs_in_is_renamed_in_every_tab_and_leaves_in_every_tab(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    shutil.copytree(ROOT / "examples" / "minimal", folder, ignore=IGNORED)
    apps.adopt(folder)
    with (
        apps.developing(folder, {"ADAS_PASSWORD": "tutorial"}) as app,
        sync_playwright() as playwright,
        playwright.chromium.launch(**launch_options()) as chromium,
        Visitor.with_own_browser(chromium, app.url) as visitor,
    ):
        first = visitor.open("/")
        first.wait_for_url("**/login?callbackUrl=/", timeout=60_000)
        is_connected(first)
        visitor.log_in(first, "ada", button="Log in")
        first.wait_for_url(visitor.url + "/")
        second = visitor.open("/")
        for tab in (first, second):
            is_connected(tab)
            expect(tab.get_by_role("heading")).to_have_text("Hello Ada Lovelace")
        click(first, "Rename")
        for tab in (first, second):
            expect(tab.get_by_role("heading")).to_have_text("Hello Countess")
        click(second, "Log out")
        for tab in (first, second):
            tab.wait_for_url(re.compile("/login"))
        visitor.saw_no_complaint()
