"""Tricks with tokens, tried on the running app: the answer is nobody, and never an error."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress

import httpx
import pytest

from authdemo.forgery import forge
from authdemo.testing import set_cookies
from authdemo.testing.browser import CSRF, SESSION
from tests.security.real import Real
from tests.security.tricks import TRICKS
from tests.support.browser import Browser
from tests.support.server import SECRET

CLEARED = [(SESSION, "", "Max-Age=0; Path=/; HttpOnly; SameSite=Lax")]


@pytest.fixture
def real(member: Browser) -> Real:
    return Real(member.token or "")


def bring(browser: Browser, token: str, path: str = "/api/auth/session") -> httpx.Response:
    """Bring a token as the session cookie, and nothing else."""
    return browser.get(path, headers={"Cookie": f"{SESSION}={token}".encode()})


def is_nobody(browser: Browser, token: str) -> bool:
    answer = bring(browser, token)
    assert (answer.status_code, answer.content) == (200, b"null")
    return set_cookies(answer) in ([], CLEARED)


def test_a_token_made_by_hand_is_believed(browser: Browser, real: Real) -> None:
    """So each trick below fails for what it does and for nothing else."""
    assert real.headed() == real.text
    for text in (real.saying(jti="another"), real.spelled("^", " ")):
        assert text != real.text
        assert bring(browser, text).json()["user"]["id"] == "john_doe"


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_a_trick_is_nobody_and_sets_no_cookie(
    browser: Browser, member: Browser, real: Real, trick: Callable[[Real], str]
) -> None:
    assert is_nobody(browser, trick(real))
    assert member.session()["user"]["id"] == "john_doe"


@pytest.mark.parametrize("trick", ["over", "long over", "of a session that never was"])
def test_dead_token_of_this_app_is_taken_back(browser: Browser, real: Real, trick: str) -> None:
    assert set_cookies(bring(browser, TRICKS[trick](real))) == CLEARED


@pytest.mark.parametrize(
    "trick", ["of a past key", "of another app", "from the future", "of no key"]
)
def test_token_that_may_be_good_elsewhere_or_later_is_left_alone(
    browser: Browser, real: Real, trick: str
) -> None:
    assert set_cookies(bring(browser, TRICKS[trick](real))) == []


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_a_trick_opens_no_page(browser: Browser, real: Real, trick: Callable[[Real], str]) -> None:
    answer = bring(browser, trick(real), "/client")
    assert answer.is_redirect
    assert "/login" in answer.headers["Location"]


@pytest.mark.parametrize("name", ["jku", "x5u", "kid", "iss"])
def test_no_address_in_a_token_is_ever_called(browser: Browser, real: Real, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/keys.json"
        assert is_nobody(browser, real.headed(**{name: address}))
        assert is_nobody(browser, real.saying(**{"iss": "other", name: address}))
        with pytest.raises(BlockingIOError):
            listener.accept()
        with socket.create_connection(listener.getsockname()):
            listener.accept()[0].close()  # so a call would have been noticed


@pytest.mark.parametrize("name", ["jwk", "x5c"])
def test_no_key_in_a_token_is_ever_used(browser: Browser, real: Real, name: str) -> None:
    key = {"jwk": {"kty": "oct", "k": "eHh4"}, "x5c": ["eHh4"]}[name]
    for secret in (SECRET, "xxx"):
        assert is_nobody(browser, real.headed(secret, **{name: key}))


def test_a_revoked_token_stays_dead_however_it_is_written(john: Browser) -> None:
    real = Real(john.token or "")
    john.log_out()
    payload = real.payload
    others = [
        real.text,
        real.spelled("^", " "),
        real.spelled("$", "\n"),
        forge(real.header, dict(reversed(payload.items())), SECRET),
        real.saying(jti="another"),
        real.saying(rev=payload["rev"] + 1),
        real.saying(iat=payload["iat"] + 1, nbf=payload["nbf"] + 1, exp=payload["exp"] + 1),
        f"{real.text}=",
    ]
    assert all(is_nobody(john, text) for text in others)


def test_a_csrf_token_is_no_session(browser: Browser, member: Browser) -> None:
    token = member.csrf()
    for text in (token, member.csrf_cookie or "", f"{token}.{token}.{token}"):
        assert is_nobody(browser, text)


def test_a_session_token_is_no_csrf_token(member: Browser, real: Real) -> None:
    for cookie in (real.text, f"{real.text}|{real.segments[2]}"):
        headers = {"Cookie": f"{SESSION}={real.text}; {CSRF}={cookie}"}
        body = {"csrfToken": real.text, "data": {"name": "Forged"}}
        assert member.copy().post("/api/auth/session", json=body, headers=headers).is_client_error
    assert member.session()["user"]["name"] == "John Doe"


@pytest.mark.parametrize("size", [8 * 1024, 64 * 1024])
def test_a_large_cookie_is_nobody_and_fast(browser: Browser, real: Real, size: int) -> None:
    large = real.saying(color="x" * size)
    started = time.monotonic()
    assert is_nobody(browser, large)
    assert time.monotonic() - started < 5


def test_a_header_of_a_megabyte_is_not_even_read(member: Browser, real: Real) -> None:
    huge = real.saying(color="x" * 1024 * 1024)
    started = time.monotonic()
    with suppress(httpx.TransportError):  # the server may hang up on who is still sending
        assert bring(member.copy(), huge).status_code == 431
    assert time.monotonic() - started < 5
    assert member.session() is not None
