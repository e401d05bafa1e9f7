from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import launched
from tests.e2e.visitor import Visitor
from tests.support.server import Server, running


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("e2e")
    with running(folder) as server:
        yield server


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with launched() as chromium:
        yield chromium


def visit(app: Server, chromium: Browser) -> Iterator[Visitor]:
    with Visitor.with_own_browser(chromium, app.url) as visitor:
        yield visitor
        try:
            visitor.saw_no_complaint()
        finally:
            visitor.sign_out()


visitor = pytest.fixture(visit)
second_device = pytest.fixture(visit)
