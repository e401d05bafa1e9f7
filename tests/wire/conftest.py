from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.server import Server
from tests.wire.browser import Browser, Window, install_client


@pytest.fixture(scope="session")
def app_url(server: Server) -> str:
    """The address of the running app."""
    return server.url


@pytest.fixture(scope="session")
def node_env() -> dict[str, str]:
    """The environment of Node, with the client of Auth.js installed."""
    return install_client()


@pytest.fixture
def new_browser(app_url: str, node_env: dict[str, str]) -> Iterator[Callable[[], Browser]]:
    """Start browsers, each with cookies of its own."""
    browsers: list[Browser] = []

    def start() -> Browser:
        browsers.append(Browser(app_url, node_env))
        return browsers[-1]

    yield start
    for browser in browsers:
        browser.close()


@pytest.fixture
def browser(new_browser: Callable[[], Browser]) -> Browser:
    """A browser that nobody has used yet."""
    return new_browser()


@pytest.fixture
def anonymous(browser: Browser) -> Window:
    """A window in which nobody is signed in."""
    window = browser.open()
    window.expect_session("unauthenticated")
    # The client reads twice: its own broadcast of the first read comes back to it.
    assert browser.requests(2) == ["GET /api/auth/session"] * 2
    return window


@pytest.fixture
def signed_in(anonymous: Window) -> Window:
    """A window in which John Doe has signed in."""
    anonymous.sign_in("john_doe", "tutorial")
    anonymous.expect_session("authenticated", id="john_doe")
    assert len(anonymous.browser.requests(4)) == 4
    return anonymous
