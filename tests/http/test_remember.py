"""Staying signed in, or until the browser closes: the user chooses, and the server decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from authdemo.testing import set_cookies
from authdemo.testing.browser import SESSION
from tests.support.browser import Browser
from tests.support.tab import LOGIN_STATE, Tab

MONTH, DAY = timedelta(days=30), timedelta(days=1)


def attributes(answer: httpx.Response) -> str:
    (written,) = (rest for name, _, rest in set_cookies(answer) if name == SESSION)
    return written


def life(browser: Browser) -> timedelta:
    return datetime.fromisoformat(browser.session()["expires"]) - datetime.now(UTC)


@pytest.mark.parametrize(
    ("fields", "is_remembered"),
    [
        ({}, True),
        ({"remember": "true"}, True),
        ({"remember": "on"}, True),
        ({"remember": "false"}, False),
    ],
)
def test_form_chooses_cookie_and_life(
    browser: Browser, fields: dict[str, str], *, is_remembered: bool
) -> None:
    answer = browser.log_in(**fields)
    expected = MONTH if is_remembered else DAY
    assert ("Max-Age" in attributes(answer)) == is_remembered
    assert abs(life(browser) - expected) < timedelta(minutes=5)


def test_update_keeps_the_cookie_as_it_was_chosen(browser: Browser) -> None:
    browser.log_in(remember="false")
    answer = browser.update({"name": "Here"})
    assert "Max-Age" not in attributes(answer)
    assert life(browser) < DAY
    assert not any("Max-Age" in each for each in cookie_of(browser)["attributes"])


def cookie_of(browser: Browser) -> dict[str, Any]:
    found: dict[str, Any] = browser.get("/api/auth/token").json()["cookie"]
    return found


def test_cookie_that_was_kept_longer_ends_with_its_session(browser: Browser) -> None:
    """The token of a browser that ignores the choice is not valid for longer."""
    browser.log_in(remember="false")
    claims = browser.get("/api/auth/token").json()["claims"]
    assert claims["exp"] - claims["iat"] <= DAY.total_seconds()


@pytest.mark.parametrize("value", ["maybe", "", "1"])
def test_unclear_choice_is_rejected(browser: Browser, value: str) -> None:
    answer = browser.log_in(remember=value)
    assert (answer.status_code, answer.json()["field"]) == (422, "remember")
    assert browser.session() is None


@pytest.mark.parametrize("is_remembered", [True, False])
def test_ticket_carries_the_choice(browser: Browser, *, is_remembered: bool) -> None:
    browser.get("/login")
    with Tab(browser.server, browser, path="/login") as tab:
        tab.call(f"{LOGIN_STATE}.choose", remember=is_remembered)
        answer = browser.redeem(tab.log_in())
    assert ("Max-Age" in attributes(answer)) == is_remembered
