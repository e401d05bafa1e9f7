"""The installed app in development mode: `reflex run`, with pages and API on two ports."""

from __future__ import annotations

import re
from pathlib import Path

from tests.adoption.steps import sign_in_rename_and_leave
from tests.browser import launched
from tests.e2e.visitor import Visitor
from tests.support import apps


def test_a_member_signs_in_is_renamed_in_every_tab_and_leaves_in_every_tab(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    apps.write_minimal(folder)
    apps.adopt(folder)
    with (
        apps.developing(folder, {"ADAS_PASSWORD": "tutorial"}) as app,
        launched() as chromium,
        Visitor.with_own_browser(chromium, app.url) as visitor,
    ):
        for tab in sign_in_rename_and_leave(visitor, patience=60_000):
            tab.wait_for_url(re.compile("/login"))
            tab.goto(visitor.url)
            tab.wait_for_url(re.compile(r"/login\?callbackUrl=(/|%2F)$"))  # no SessionRequired
        visitor.saw_no_complaint()
        with Visitor.with_own_browser(
            chromium, app.url.replace("localhost", "127.0.0.1")
        ) as elsewhere:
            sign_in_rename_and_leave(elsewhere, patience=60_000)
            elsewhere.saw_no_complaint()
