from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.browser import Browser
from tests.support.server import Server, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, started once for all tests."""
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def browser(server: Server) -> Browser:
    """A browser that nobody has used yet."""
    return Browser(server)


@pytest.fixture
def other_browser(server: Server) -> Browser:
    """Somebody else's browser."""
    return Browser(server)


@pytest.fixture
def john(browser: Browser) -> Browser:
    """A browser in which john_doe is signed in."""
    browser.log_in()
    return browser


@pytest.fixture
def jane(other_browser: Browser) -> Browser:
    """Another browser, in which jane_admin is signed in."""
    other_browser.log_in("jane_admin")
    return other_browser
