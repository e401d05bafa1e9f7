"""Chapter 3 of the checklist: cookies (ASVS 3.3, RFC 6265bis)."""

from __future__ import annotations

import pytest

from authdemo.testing import set_cookies
from authdemo.testing.browser import CSRF, SESSION
from tests.http.test_cookies import CALLBACK_URL
from tests.support.browser import Browser

MOST_BYTES = 4096
MOST_SECONDS = 400 * 86_400


@pytest.mark.parametrize(
    "cookie",
    [
        "={name}={token}",
        "=__Host-{name}={token}",
        "__host-{name}={token}",
        "__SECURE-{name}={token}",
        "{upper}={token}",
        "{name} ={token}x",
        "{name}",
        "{name}={token}{token}",
    ],
)
def test_a_cookie_by_almost_the_right_name_is_nobodys(
    john: Browser, other_browser: Browser, cookie: str
) -> None:
    header = cookie.format(name=SESSION, upper=SESSION.upper(), token=john.token)
    answer = other_browser.get("/api/auth/session", headers={"Cookie": header})
    assert (answer.status_code, answer.json()) == (200, None)


LONG_WAY = f"/?{'&' * 2000}"


def test_no_cookie_is_larger_or_older_than_browsers_allow(browser: Browser) -> None:
    """ASVS 3.3.5."""
    answers = [
        browser.get("/login"),
        browser.log_in(callbackUrl="/client"),
        browser.log_in(callbackUrl=LONG_WAY),
        browser.update({"name": "x" * 64, "image": "https://x/" + "y" * 1500}),
        browser.log_out(callbackUrl=LONG_WAY),
    ]
    cookies = [cookie for answer in answers for cookie in set_cookies(answer)]
    assert {SESSION, CSRF, CALLBACK_URL} <= {name for name, _, _ in cookies}
    for name, value, attributes in cookies:
        assert len(f"{name}={value}; {attributes}") <= MOST_BYTES, name
        age = attributes.partition("Max-Age=")[2].partition(";")[0]
        assert int(age or 0) <= MOST_SECONDS


def test_an_address_too_long_for_a_cookie_is_followed_but_not_remembered(browser: Browser) -> None:
    browser.log_in(callbackUrl="/client")
    assert browser.log_in(callbackUrl=LONG_WAY).json() == {"url": browser.server.url + LONG_WAY}
    assert browser.log_in().json() == {"url": browser.server.url}


def test_every_cookie_stays_out_of_scripts(browser: Browser) -> None:
    """ASVS 3.3.4."""
    answers = [browser.get("/login"), browser.get("/api/auth/csrf"), browser.log_in()]
    cookies = [cookie for answer in answers for cookie in set_cookies(answer)]
    assert len(cookies) >= 3
    for _, _, attributes in cookies:
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes.split("; "))
