"""No POST without the token that fits the cookie and the session."""

from __future__ import annotations

from typing import Any

import pytest

from authdemo.testing import set_cookies
from authdemo.testing.browser import AS_CLIENT, CSRF
from tests.support.browser import PASSWORD, Browser

LOGIN = {"id": "john_doe", "password": PASSWORD}
ACTS: dict[str, tuple[str, dict[str, Any]]] = {
    "update": ("/api/auth/session", {"data": {"name": "Forged"}}),
    "sign out": ("/api/auth/signout", {}),
    "sign in": ("/api/auth/callback/credentials", LOGIN),
    "revoke": ("/api/auth/sessions/revoke", {"all": True}),
    "ticket": ("/api/auth/ticket", {"ticket": "x"}),
    "start sign in": ("/api/auth/signin/credentials", {}),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("token", [None, "", "0" * 64, 1, ["x"], {"x": 1}, "👻" * 10], ids=repr)
def test_request_without_the_right_token_changes_nothing(
    john: Browser, act: str, token: object
) -> None:
    path, fields = ACTS[act]
    john.csrf()
    body = fields if token is None else {**fields, "csrfToken": token}
    answer = john.post(path, json=body, headers=AS_CLIENT)
    assert answer.status_code in (400, 403)
    assert answer.json()["message"]
    assert john.session()["rev"] == 1


@pytest.mark.parametrize("act", ["sign in", "sign out", "start sign in"])
def test_authjs_client_without_token_is_sent_to_the_sign_in_page(
    browser: Browser, act: str
) -> None:
    path, fields = ACTS[act]
    answer = browser.post(path, data={"callbackUrl": "/", **fields}, headers=AS_CLIENT)
    assert answer.status_code == 403
    assert answer.json()["url"] == f"{browser.server.url}/login?error=MissingCSRF"


def test_token_without_its_cookie_is_rejected(john: Browser) -> None:
    token = john.csrf()
    john.cookies.pop(CSRF)
    answer = john.post("/api/auth/session", json={"csrfToken": token, "data": {"name": "Forged"}})
    assert answer.status_code == 403


@pytest.mark.parametrize("act", ACTS)
def test_csrf_token_without_cookie_gets_an_error_about_cookies(browser: Browser, act: str) -> None:
    path, fields = ACTS[act]
    body = {**fields, "csrfToken": browser.csrf()}
    browser.cookies.clear()
    answer = browser.post(path, json=body, headers=AS_CLIENT)
    assert answer.status_code == 403
    assert (answer.json()["code"], answer.json()["reason"]) == ("RequestRejected", "cookies")


@pytest.mark.parametrize("act", ["sign in", "sign out", "start sign in"])
def test_form_without_any_cookie_leads_to_page_that_asks_for_cookies(
    browser: Browser, act: str
) -> None:
    path, fields = ACTS[act]
    form = {**fields, "csrfToken": browser.csrf()}
    browser.cookies.clear()
    answer = browser.post(path, data=form, headers={"Accept": "text/html"})
    assert answer.status_code == 303
    wanted = f"{browser.server.url}/login?error=MissingCSRF&code=cookies"
    assert answer.headers["Location"] == wanted


@pytest.mark.parametrize(
    "cookie",
    ["", "|", "%7C", "{token}", "{token}%7C", "{token}%7C" + "0" * 64, "%ff%7C%00"],
)
def test_unsigned_cookie_is_rejected(john: Browser, cookie: str) -> None:
    token = john.csrf()
    john.cookies[CSRF] = cookie.replace("{token}", token)
    answer = john.post("/api/auth/session", json={"csrfToken": token, "data": {"name": "Forged"}})
    assert answer.status_code == 403


def test_pair_of_another_visitor_is_rejected(john: Browser, jane: Browser) -> None:
    token = jane.csrf()
    john.cookies[CSRF] = jane.csrf_cookie or ""
    answer = john.post("/api/auth/session", json={"csrfToken": token, "data": {"name": "Forged"}})
    assert answer.status_code == 403
    assert john.session()["user"]["name"] == "John Doe"


def test_pair_from_before_the_sign_in_is_rejected_after_it(browser: Browser) -> None:
    token = browser.csrf()
    cookie = browser.csrf_cookie or ""
    browser.log_in()
    browser.cookies[CSRF] = cookie
    answer = browser.post(
        "/api/auth/session", json={"csrfToken": token, "data": {"name": "Forged"}}
    )
    assert answer.status_code == 403


def test_planted_second_cookie_is_ignored(john: Browser) -> None:
    token = john.csrf()
    body = {"csrfToken": token, "data": {"name": "Unharmed"}}
    for cookies in (
        f"{CSRF}=junk; {john.cookie_header()}",
        f"{john.cookie_header()}; {CSRF}=junk",
    ):
        answer = john.post("/api/auth/session", json=body, headers={"Cookie": cookies})
        assert answer.status_code == 200


def test_second_request_gets_the_same_token_and_no_cookie(john: Browser) -> None:
    answer = john.get("/api/auth/csrf")
    again = john.get("/api/auth/csrf")
    assert answer.json() == again.json()
    assert len(answer.json()["csrfToken"]) == 64
    assert set_cookies(again) == []


def test_visitors_get_different_tokens(browser: Browser, other_browser: Browser) -> None:
    assert browser.csrf() != other_browser.csrf()


def test_last_of_two_tokens_counts(john: Browser) -> None:
    token = john.csrf()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    bad_last = f"csrfToken={token}&csrfToken=bad".encode()
    assert (
        john.post("/api/auth/signout", content=bad_last, headers=kind | AS_CLIENT).status_code
        == 403
    )
    assert (
        john.post(f"/api/auth/signout?csrfToken={token}", json={}, headers=AS_CLIENT).status_code
        == 403
    )
    assert john.session()
