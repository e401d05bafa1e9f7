"""Reading the session and what else an anonymous client may ask for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from authdemo.testing import set_cookies
from authdemo.testing.browser import CSRF, SESSION
from tests.support.browser import Browser

USER = {
    "id": "john_doe",
    "name": "John Doe",
    "email": "email@email.email",
    "image": None,
    "role": "user",
    "email_verified": False,
    "two_factor": False,
}


def test_anonymous_reads_null_and_gets_no_cookie(browser: Browser) -> None:
    answer = browser.get("/api/auth/session")
    assert (answer.status_code, answer.content) == (200, b"null")
    assert set_cookies(answer) == []


def test_session_json_has_user_expiry_revision_and_authentication_only(
    john: Browser,
) -> None:
    session = john.session()
    assert session.keys() == {"user", "expires", "rev", "amr", "level"}
    assert session["user"] == USER
    assert session["rev"] == 1
    assert (session["amr"], session["level"]) == (["pwd"], 1)


def test_expiry_is_iso_8601_with_milliseconds_and_a_z(john: Browser) -> None:
    expires = datetime.strptime(john.session()["expires"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(
        tzinfo=UTC
    )
    days_left = (expires - datetime.now(UTC)).total_seconds() / 86400
    assert 29.9 < days_left <= 30


def test_second_read_sets_no_cookie(john: Browser) -> None:
    assert set_cookies(john.get("/api/auth/session")) == []
    assert set_cookies(john.get("/")) == []


def test_token_is_only_in_the_cookie(john: Browser) -> None:
    token = john.token or ""
    paths = (
        "/api/auth/session",
        "/api/auth/csrf",
        "/api/auth/sessions",
        "/api/auth/providers",
        "/",
        "/client",
    )
    for path in paths:
        answer = john.get(path)
        assert answer.status_code == 200
        assert token not in answer.text
        assert token.split(".")[2] not in answer.text


@pytest.mark.parametrize("mode", ["cors", "same-origin", "no-cors"])
def test_read_with_an_ended_token_deletes_no_newer_cookie(john: Browser, mode: str) -> None:
    dead = john.copy()
    john.log_in()
    answer = dead.get("/api/auth/session", headers={"Sec-Fetch-Mode": mode})
    assert (answer.json(), set_cookies(answer)) == (None, [])
    answer = dead.get("/login", headers={"Sec-Fetch-Mode": "navigate"})
    assert (SESSION, "") in [(name, value) for name, value, _ in set_cookies(answer)]


def test_tampered_token_reads_null_and_sets_no_cookie(john: Browser) -> None:
    header, payload, signature = (john.token or "").split(".")
    changed = "A" if payload[10] != "A" else "B"
    john.token = f"{header}.{payload[:10]}{changed}{payload[11:]}.{signature}"
    answer = john.get("/api/auth/session")
    assert answer.json() is None
    assert set_cookies(answer) == []


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "junk",
        "a.b.c",
        "...",
        "%00",
        "\u00e9\u00e8".encode().decode("latin-1"),
        "x" * 3000,
        "{}",
        '"quoted"',
    ],
)
def test_junk_in_the_session_cookie_reads_null(browser: Browser, junk: str) -> None:
    answer = browser.get(
        "/api/auth/session", headers={"Cookie": f"{SESSION}={junk}".encode("latin-1")}
    )
    assert (answer.status_code, answer.content) == (200, b"null")


def test_token_of_another_kind_is_rejected(john: Browser, browser: Browser) -> None:
    csrf_cookie = john.csrf_cookie or ""
    answer = browser.get("/api/auth/session", headers={"Cookie": f"{SESSION}={csrf_cookie}"})
    assert answer.json() is None
    planted = {"Cookie": f"{CSRF}={john.token}"}
    assert browser.get("/api/auth/csrf", headers=planted).json()["csrfToken"] not in (
        john.token or ""
    )


def test_providers_are_listed_with_absolute_urls(browser: Browser) -> None:
    url = browser.server.url
    assert browser.get("/api/auth/providers").json()["credentials"] == {
        "id": "credentials",
        "name": "Credentials",
        "type": "credentials",
        "signinUrl": f"{url}/api/auth/signin/credentials",
        "callbackUrl": f"{url}/api/auth/callback/credentials",
    }


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_method_gets_405(john: Browser, method: str) -> None:
    assert john.request(method, "/api/auth/session").status_code == 405
    assert john.session()["user"] == USER


@pytest.mark.parametrize("path", ["signout", "callback/credentials", "sessions/revoke", "ticket"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_safe_methods_change_nothing(john: Browser, method: str, path: str) -> None:
    query = f"?csrfToken={john.csrf()}&all=true&id=jane_admin&password=tutorial"
    assert john.request(method, f"/api/auth/{path}{query}").status_code in (
        302,
        404,
        405,
    )
    assert john.session()["user"] == USER


@pytest.mark.parametrize(
    "path", ["/api/auth/session/x.css", "/api/auth/session;.js", "/api/auth/nothing"]
)
def test_path_that_looks_cacheable_is_not_the_session(john: Browser, path: str) -> None:
    answer = john.get(path)
    assert answer.status_code == 404
    assert "John Doe" not in answer.text
