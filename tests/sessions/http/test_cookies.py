"""Cookies as they come: in one header or more, once or twice, short or long."""

from __future__ import annotations

import pytest

from authdemo.sessions.http.cookies import by_name, without


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
