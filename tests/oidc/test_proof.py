"""What matters takes a fresh proof, and to be known at a provider is none."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest

from tests.oidc.cheat import Cheat
from tests.oidc.github import GitHub
from tests.oidc.steps import go, oauth_callback, query_of, reason
from tests.support.browser import Browser

SAFE = "/safe"


def is_open(browser: Browser) -> bool:
    """Tell whether the page for those who have proved who they are shows itself."""
    answer = browser.get(SAFE)
    assert answer.status_code == 200 or "/confirm?" in answer.headers["Location"]
    return answer.status_code == 200


def eve(browser: Browser, cheat: Cheat, **claims: Any) -> Browser:
    cheat.change = lambda said: said | claims
    oauth_callback(browser, cheat, go(browser))
    assert browser.session()["user"]["id"] == f"{cheat.issuer}#eve"
    return browser


def test_sign_in_authenticates_at_the_providers_auth_time(browser: Browser, cheat: Cheat) -> None:
    assert not is_open(eve(browser, cheat))
    assert not is_open(eve(browser, cheat, auth_time=int(time.time()) - 3600))
    assert not is_open(eve(browser, cheat, auth_time=True))
    assert not is_open(eve(browser, cheat, auth_time="now"))
    assert is_open(eve(browser, cheat, auth_time=int(time.time())))


def test_reauthentication_is_requested_and_verified(browser: Browser, cheat: Cheat) -> None:
    eve(browser, cheat)
    asked = go(browser, prompt="login")
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    cheat.change = lambda said: said | {"auth_time": int(time.time())}
    oauth_callback(browser, cheat, asked)
    assert is_open(browser)


@pytest.mark.parametrize(
    "at",
    [None, int(time.time()) - 3600, math.nan, 10**400, "now", True],
    ids=["missing", "an hour ago", "nan", "huge", "text", "true"],
)
def test_sign_in_without_reauthentication_is_rejected_and_session_stays(
    browser: Browser, cheat: Cheat, at: Any
) -> None:
    eve(browser, cheat)
    asked = go(browser, prompt="login")
    cheat.change = lambda said: said | ({} if at is None else {"auth_time": at})
    assert reason(oauth_callback(browser, cheat, asked), browser) == "proof"
    assert browser.session()["user"]["id"] == f"{cheat.issuer}#eve"
    assert not is_open(browser)


def test_plain_sign_in_requests_no_reauthentication(browser: Browser) -> None:
    asked = go(browser)
    assert not asked.keys() & {"prompt", "max_age"}


def test_oauth2_sign_in_does_not_reauthenticate(browser: Browser, github: GitHub) -> None:
    answer = query_of(github.authorize(go(browser, "github", prompt="login")))
    browser.get(f"/api/auth/callback/github?code={answer['code']}&state={answer['state']}")
    assert browser.session()["user"]["id"] == github.user_id
    assert not is_open(browser)


def test_password_sign_in_reauthenticates(browser: Browser) -> None:
    browser.log_in("ada")
    assert is_open(browser)
