"""A session that lasts as long as a module, for tests that only read it."""

from __future__ import annotations

import pytest

from tests.support.browser import Browser
from tests.support.server import Server


@pytest.fixture(scope="module")
def member(server: Server) -> Browser:
    """A browser in which john_doe is signed in and stays so."""
    browser = Browser(server)
    browser.log_in()
    return browser
