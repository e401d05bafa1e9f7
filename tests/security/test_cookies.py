"""Chapter 3 of the checklist: cookies (ASVS 3.3, RFC 6265bis)."""

from __future__ import annotations

import pytest

from authdemo.sessions.testing import set_cookies
from authdemo.sessions.testing.browser import SESSION
from tests.support.browser import Browser

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


def test_no_cookie_is_larger_or_older_than_browsers_allow(john: Browser) -> None:
    """ASVS 3.3.5."""
    answer = john.update({"name": "x" * 64, "image": "https://x/" + "y" * 1500})
    assert answer.status_code == 200
    for name, value, attributes in set_cookies(answer):
        assert len(name) + len(value) + len(attributes) <= 4096
        age = attributes.partition("Max-Age=")[2].partition(";")[0]
        assert int(age) <= MOST_SECONDS


def test_every_cookie_stays_out_of_scripts(browser: Browser) -> None:
    """ASVS 3.3.4."""
    answers = [browser.get("/login"), browser.get("/api/auth/csrf"), browser.log_in()]
    cookies = [cookie for answer in answers for cookie in set_cookies(answer)]
    assert len(cookies) >= 3
    for _, _, attributes in cookies:
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes.split("; "))
