"""The database is spoiled under the running server: it says so, and begins nothing new."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.browser import Browser
from tests.support.server import running, running_in_trouble

HEADER = 4096


@pytest.fixture
def members(tmp_path: Path) -> list[Browser]:
    """Browsers that signed in and updated before the last start."""
    with running(tmp_path) as server:
        browsers = [Browser(server) for _ in range(2)]
        for browser in browsers:
            browser.log_in()
            for number in range(10):
                image = f"https://example.com/{number}{'x' * 500}"
                assert browser.update({"image": image}).status_code == 200
    return browsers


def test_spoiled_pages_are_an_error_that_is_logged_once(
    tmp_path: Path, members: list[Browser]
) -> None:
    with running_in_trouble(tmp_path) as server:
        workers = server.children()
        spoil(tmp_path / "data" / "sessions.db")
        for browser in members * 3:
            browser.server = server
            refuses_everything_that_needs_a_session(browser)
        assert Browser(server).get("/login").status_code == 200
        assert server.children() == workers
    (said,) = server.complaints()
    assert str(tmp_path / "data" / "sessions.db") in said
    with pytest.raises(AssertionError, match="Mend the file"), running_in_trouble(tmp_path):
        pass


def refuses_everything_that_needs_a_session(browser: Browser) -> None:
    answers = {
        "read": browser.get("/api/auth/session"),
        "page": browser.get("/"),
        "update": browser.post("/api/auth/session", json={"data": {"name": "New"}}),
        "sign-in": Browser(browser.server).log_in(),
        "sign-out": browser.post("/api/auth/signout", data={"callbackUrl": "/"}),
    }
    for name, answer in answers.items():
        assert answer.status_code == 503, name
        assert "Try again" in answer.text, name
    assert browser.token, "the cookie was taken away"


def spoil(path: Path) -> None:
    """Overwrite all pages but the first."""
    with path.open("r+b") as file:
        file.seek(HEADER)
        file.write(os.urandom(path.stat().st_size - HEADER))
