"""Cookies as they come: in one header or more, once or twice, short or long."""

from __future__ import annotations

from typing import Any

import pytest

from authdemo.sessions import CookieOptions
from authdemo.sessions.http.cookies import CookieNames, by_name, without
from authdemo.sessions.http.router import RawHeaders


def request(*cookies: bytes) -> dict[str, object]:
    return {"headers": [(b"host", b"app.example"), *((b"cookie", each) for each in cookies)]}


def test_cookies_of_all_headers_keep_their_order():
    sent = request(b"a=1; b=2", b"a=3")
    assert by_name(sent) == by_name(request(b"a=1; b=2; a=3")) == {"a": ["1", "3"], "b": ["2"]}


@pytest.mark.parametrize("length", [1, 3000, 9000])
def test_cache_never_returns_cookies_of_another_request(length):
    for name in ("ada", "grace", "ada"):
        value = name * length
        assert by_name(request(f"who={value}".encode())) == {"who": [value]}


def test_request_without_cookies_has_none():
    assert by_name(request()) == {}
    assert without(request(), ["a"])["headers"] == [(b"host", b"app.example")]


def test_first_four_cookies_of_one_name_are_candidates():
    assert by_name(request(b"; ".join([b"a=%d" % n for n in range(9)]))) == {"a": list("0123")}


def put(url: str, field: str, **options: Any) -> str:
    names = CookieNames.of(url, options=CookieOptions(**options))
    headers: RawHeaders = []
    names.put(headers, getattr(names, field), "x")
    return headers[0][1].decode()


HTTPS, HTTP = "https://app.example.org", "http://localhost:3000"


@pytest.mark.parametrize(
    ("field", "options", "expected"),
    [
        (
            "session",
            {"same_site": "none", "partitioned": True},
            "__Secure-authjs.session-token=x; Path=/; HttpOnly; Secure; SameSite=None; Partitioned",
        ),
        (
            "csrf",
            {"same_site": "none", "partitioned": True},
            "__Host-authjs.csrf-token=x; Path=/; HttpOnly; Secure; SameSite=None; Partitioned",
        ),
        (
            "session",
            {"domain": "example.org", "session_token": "__Secure-id"},
            "__Secure-id=x; Domain=example.org; Path=/; HttpOnly; Secure; SameSite=Lax",
        ),
        (
            "csrf",
            {"domain": "example.org"},
            "__Host-authjs.csrf-token=x; Path=/; HttpOnly; Secure; SameSite=Lax",
        ),
        (
            "session",
            {"same_site": "strict", "session_token": "__Host-id"},
            "__Host-id=x; Path=/; HttpOnly; Secure; SameSite=Strict",
        ),
        (
            "state",
            {"same_site": "strict", "state": "away"},
            "away=x; Path=/; HttpOnly; Secure; SameSite=Lax",
        ),
    ],
)
def test_cookie_has_the_options_over_https(field: str, options: dict[str, Any], expected: str):
    assert put(HTTPS, field, **options) == expected


def test_cookie_over_http_has_only_the_options_that_work_there():
    options: dict[str, Any] = {"same_site": "none", "partitioned": True, "domain": "example.org"}
    sent = put(HTTP, "session", session_token="__Secure-id", **options)
    assert sent == "id=x; Path=/; HttpOnly; SameSite=Lax"
