"""A cookie is honoured for who it is, never for what it says."""

from __future__ import annotations

from authdemo.testing import set_cookies
from authdemo.testing.browser import SESSION
from tests.support.browser import Browser


def test_earlier_cookie_gets_the_newest_data_and_a_fresh_cookie(
    john: Browser,
) -> None:
    earlier = [john.copy()]
    for name in ("One", "Two", "Three"):
        john.update({"name": name})
        earlier.append(john.copy())
    newest = earlier.pop()
    for old in earlier:
        stale = old.token
        answer = old.get("/api/auth/session")
        assert answer.json() == newest.session()
        assert [name for name, _, _ in set_cookies(answer)] == [SESSION]
        assert old.token != stale
        assert set_cookies(old.get("/api/auth/session")) == []
    assert set_cookies(newest.get("/api/auth/session")) == []


def test_page_replaces_an_earlier_cookie(john: Browser) -> None:
    old = john.copy()
    john.update({"name": "Newest"})
    answer = old.get("/client")
    assert "Newest" in answer.text
    assert [name for name, _, _ in set_cookies(answer)] == [SESSION]


def test_update_with_an_earlier_cookie_restores_nothing(
    john: Browser,
) -> None:
    old = john.copy()
    john.update({"name": "Newest"})
    user = old.update({"image": "https://example.com/a.png"}).json()["user"]
    assert (user["name"], user["image"]) == ("Newest", "https://example.com/a.png")


def test_cookies_of_one_session_are_different_tokens(john: Browser) -> None:
    tokens = {john.token}
    for name in ("One", "Two", "Three"):
        john.update({"name": name})
        tokens.add(john.token)
    assert len(tokens) == 4
