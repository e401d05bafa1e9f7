"""Several tabs of one browser go to a provider, and each comes back."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from tests.oidc.cheat import Cheat
from tests.oidc.steps import go, oauth_callback, query_of, reason, refusal
from tests.support.browser import Browser

STATE = "authjs.state"


@pytest.mark.parametrize("older_provider", ["cheat", "linked"])
def test_older_of_two_sign_ins_succeeds(
    browser: Browser, cheat: Cheat, older_provider: str
) -> None:
    older, newer = go(browser, older_provider), go(browser)
    cancelled = browser.get(f"/api/auth/callback/cheat?error=access_denied&state={newer['state']}")
    assert refusal(cancelled, browser) == "cancelled"
    answer = oauth_callback(browser, cheat, older, older_provider)
    assert "error=OAuthCallbackError" not in answer.headers["Location"]


@pytest.mark.parametrize("first", [0, 1])
def test_second_sign_in_to_return_is_redirected(browser: Browser, cheat: Cheat, first: int) -> None:
    asked = [go(browser, wanted="/about?a=b"), go(browser, wanted="/about?a=b")]
    oauth_callback(browser, cheat, asked.pop(first))
    assert browser.session()["user"]["id"] == f"{cheat.issuer}#eve"
    token = browser.token
    answer = oauth_callback(browser, cheat, asked.pop())
    assert reason(answer, browser) == "member"
    login = urlsplit(answer.headers["Location"])
    led_on = browser.get(f"{login.path}?{login.query}")
    assert (led_on.status_code, browser.token) == (303, token)
    assert led_on.headers["Location"] == f"{browser.server.url}/about?a=b"


def test_rejected_sign_in_keeps_its_callback_url(browser: Browser, cheat: Cheat) -> None:
    asked = go(browser, wanted="/about")
    answer = browser.get(f"/api/auth/callback/cheat?error=access_denied&state={asked['state']}")
    assert refusal(answer, browser) == "cancelled"
    query = query_of(answer.headers["Location"])
    assert query["callbackUrl"] == "/about"


def test_four_sign_ins_of_a_browser_are_kept(browser: Browser, cheat: Cheat) -> None:
    oldest, *others = [go(browser) for _ in range(5)]
    assert refusal(oauth_callback(browser, cheat, oldest), browser) == "browser"
    oauth_callback(browser, cheat, others[0])
    assert browser.session() is not None


def test_each_state_is_accepted_once(browser: Browser, cheat: Cheat) -> None:
    asked = [go(browser), go(browser)]
    for one in asked:
        oauth_callback(browser, cheat, one)
        browser.log_out()
    for one in asked:
        assert refusal(oauth_callback(browser, cheat, one), browser) == "state"


def test_planted_secret_is_dropped(browser: Browser, cheat: Cheat) -> None:
    browser.cookies[STATE] = f"{'0' * 39}.junk.{'0' * 4000}"
    asked = go(browser)
    assert re.fullmatch("[0-9a-f]{40}", browser.cookies[STATE])
    oauth_callback(browser, cheat, asked)
    assert browser.session() is not None
