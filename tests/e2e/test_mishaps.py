"""What a page says when its server is gone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from tests.e2e.visitor import Visitor, is_connected
from tests.support.server import running


def test_a_page_says_that_its_connection_is_lost(chromium: Chromium, tmp_path: Path) -> None:
    with running(tmp_path) as server, Visitor.with_own_browser(chromium, server.url) as visitor:
        tab = visitor.open("/login")
        is_connected(tab)
        notice = tab.get_by_text("The connection is lost.")
        expect(notice).not_to_be_attached()
        server.process.terminate()
        expect(notice).to_be_visible()
