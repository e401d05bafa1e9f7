"""Sessions end when they are not used, and in the end however much they are."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from authdemo.testing import set_cookies, wait_until
from authdemo.testing.browser import SESSION
from tests.support.browser import Browser
from tests.support.server import Server, running

IDLE, RENEW, ABSOLUTE = 2, 1, 5


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app with very short sessions."""
    ages = {
        "AUTH_SESSION_MAX_AGE": str(IDLE),
        "AUTH_SESSION_UPDATE_AGE": str(RENEW),
        "AUTH_SESSION_ABSOLUTE_AGE": str(ABSOLUTE),
    }
    with running(tmp_path_factory.mktemp("hasty"), **ages) as server:
        yield server


def test_unused_session_expires_and_its_cookie_is_deleted(
    hasty: Server,
) -> None:
    browser, started = Browser(hasty), time.monotonic()
    browser.log_in()
    idle, first = browser.copy(), browser.token
    assert browser.session()
    wait_until(
        lambda: idle.copy().get("/").status_code == 303,
        interval=IDLE + 0.3,
    )
    assert time.monotonic() - started >= IDLE - 0.1
    answer = idle.get("/api/auth/session")
    assert answer.json() is None
    assert [(name, value) for name, value, _ in set_cookies(answer)] == [(SESSION, "")]
    assert first == browser.token


def test_used_session_is_renewed_until_its_absolute_expiry(hasty: Server) -> None:
    browser, started = Browser(hasty), time.monotonic()
    browser.log_in()
    renewals, tokens = 0, {browser.token}

    def has_ended() -> bool:
        nonlocal renewals
        answer = browser.get("/api/auth/session")
        if answer.json() is not None and set_cookies(answer):
            renewals += 1
            tokens.add(browser.token)
        return answer.json() is None

    wait_until(has_ended, interval=0.1)
    assert time.monotonic() - started >= ABSOLUTE - 0.1
    assert 2 <= renewals <= ABSOLUTE / RENEW
    assert len(tokens) == renewals + 1


def test_update_does_not_extend_the_absolute_expiry(hasty: Server) -> None:
    browser, started = Browser(hasty), time.monotonic()
    browser.log_in()
    csrf = browser.csrf()

    def is_refused() -> bool:
        name = f"At {time.monotonic()}"
        return (
            browser.post(
                "/api/auth/session", json={"csrfToken": csrf, "data": {"name": name}}
            ).status_code
            >= 400
        )

    wait_until(is_refused, interval=0.2)
    assert time.monotonic() - started >= ABSOLUTE - 0.1
    assert browser.session() is None
