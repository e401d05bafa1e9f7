"""Signing in over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from authdemo.testing import set_cookies
from authdemo.testing.browser import AS_CLIENT, CSRF, SESSION
from tests.support.browser import ALONE, PASSWORD, Browser
from tests.support.server import Server, running


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app that takes three failed logins a minute."""
    with running(tmp_path_factory.mktemp("strict"), AUTH_LOGIN_RATE="3/minute") as server:
        yield server


def test_authjs_client_gets_an_absolute_url_as_json(browser: Browser) -> None:
    answer = browser.log_in(callbackUrl="/client")
    assert answer.status_code == 200
    assert answer.json() == {"url": f"{browser.server.url}/client"}
    assert browser.session()["user"]["id"] == "john_doe"


def test_plain_form_is_redirected(browser: Browser) -> None:
    answer = browser.log_in(headers={}, callbackUrl="/client")
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"{browser.server.url}/client",
    )
    assert browser.session()["user"]["id"] == "john_doe"


def test_json_signs_in_as_well_as_a_form(browser: Browser) -> None:
    fields = {"csrfToken": browser.csrf(), "id": "john_doe", "password": PASSWORD}
    headers = {"X-Auth-Return-Redirect": "1"}
    assert (
        browser.post("/api/auth/callback/credentials", json=fields, headers=headers).status_code
        == 200
    )
    assert browser.session()["user"]["id"] == "john_doe"


@pytest.mark.parametrize(
    ("account", "password"),
    [
        ("john_doe", "wrong"),
        ("john_doe", ""),
        ("john_doe", "Tutorial"),
        ("john_doe", "tutorial "),
        ("nobody", PASSWORD),
        ("", ""),
        ("' OR 1=1 --", "' OR 1=1 --"),
    ],
)
def test_wrong_credentials_are_refused_alike(browser: Browser, account: str, password: str) -> None:
    answer = browser.log_in(account, password)
    assert answer.status_code == 401
    url = urlsplit(answer.json()["url"])
    assert parse_qs(url.query) == {
        "error": ["CredentialsSignin"],
        "code": ["credentials"],
    }
    assert url.scheme
    assert answer.json()["message"] == "The id or the password is wrong."
    assert browser.session() is None


@pytest.mark.parametrize("typed", ["john_doe ", " john_doe", "\tjohn_doe\u3000"], ids=ascii)
def test_blanks_around_an_id_are_ignored(browser: Browser, typed: str) -> None:
    assert browser.log_in(typed).status_code == 200
    assert browser.session()["user"]["id"] == "john_doe"


@pytest.mark.parametrize("typed", ["John_doe", "JOHN_DOE", "\uff2aohn_doe"], ids=ascii)
def test_id_signs_in_in_any_letter_case(browser: Browser, typed: str) -> None:
    assert browser.log_in(typed).status_code == 200
    assert browser.session()["user"]["id"] == "john_doe"
    assert browser.log_in(typed, "wrong").status_code == 401


def test_plain_form_with_wrong_credentials_redirects_to_the_page(
    browser: Browser,
) -> None:
    answer = browser.log_in("john_doe", "wrong", headers={})
    assert answer.status_code == 302
    assert urlsplit(answer.headers["Location"]).path == "/login"
    assert "error=CredentialsSignin" in answer.headers["Location"]


def test_missing_fields_are_wrong_credentials(browser: Browser) -> None:
    form = {"csrfToken": browser.csrf()}
    assert browser.post("/api/auth/callback/credentials", data=form).status_code == 302
    assert browser.session() is None


@pytest.mark.parametrize("value", [1, None, True, ["john_doe"], {"id": "john_doe"}], ids=str)
def test_credentials_that_are_not_text_are_wrong(browser: Browser, value: object) -> None:
    fields = {"csrfToken": browser.csrf(), "id": value, "password": value}
    headers = {"X-Auth-Return-Redirect": "1"}
    assert (
        browser.post("/api/auth/callback/credentials", json=fields, headers=headers).status_code
        == 401
    )


def test_unknown_provider_is_not_found(browser: Browser) -> None:
    form = {"csrfToken": browser.csrf(), "id": "john_doe", "password": PASSWORD}
    headers = {"X-Auth-Return-Redirect": "1"}
    answer = browser.post("/api/auth/callback/github", data=form, headers=headers)
    assert answer.status_code == 404
    assert answer.json()["message"]
    assert answer.json()["url"].startswith(browser.server.url)
    assert browser.session() is None


FOREIGN = [
    "https://evil.example",
    "http://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "\t//evil.example",
    " //evil.example",
    "///evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "{own}@evil.example",
    "{own}.evil.example",
    "{own}:1@evil.example",
    "http:evil.example",
    "http:/evil.example",
    "/\r\nSet-Cookie: planted=1",
    "/x\nLocation: https://evil.example",
    "x" * 10_000,
    "\u2028//evil.example",
]


@pytest.mark.parametrize(
    "wanted", FOREIGN, ids=lambda url: url[:24].encode("unicode_escape").decode()
)
def test_callback_url_of_another_origin_is_ignored(browser: Browser, wanted: str) -> None:
    answer = browser.log_in(callbackUrl=wanted.replace("{own}", browser.server.url))
    assert answer.status_code == 200
    target = answer.json()["url"]
    assert urlsplit(target)[:2] == urlsplit(browser.server.url)[:2]
    assert not urlsplit(target).path.startswith(("//", "/\\"))
    assert not any(character < "!" for character in target)
    assert "planted" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize(
    "path", ["/", "/client", "/client?tab=2", "/client?x=https://evil.example#top"]
)
def test_own_paths_are_followed(browser: Browser, path: str) -> None:
    assert browser.log_in(callbackUrl=path).json()["url"] == browser.server.url + path


def test_own_absolute_addresses_are_followed(browser: Browser) -> None:
    url = f"{browser.server.url}/client"
    assert browser.log_in(callbackUrl=url).json()["url"] == url


@pytest.mark.parametrize("headers", [AS_CLIENT, {}], ids=["client", "form"])
@pytest.mark.parametrize(
    ("body", "query", "path"),
    [
        ({}, "?callbackUrl=/client", "/client"),
        ({"callbackUrl": ""}, "?callbackUrl=%2Fclient%3Ftab%3D2", "/client?tab=2"),
        ({"callbackUrl": "/account"}, "?callbackUrl=/client", "/account"),
        ({}, "?callbackUrl=", "/inspector"),
        ({}, "?callbackUrl=//evil.example", ""),
        ({}, "?callbackUrl=https://evil.example/", ""),
        ({}, "?callbackUrl=javascript:alert(1)", ""),
    ],
)
def test_callback_url_is_read_from_the_query(
    browser: Browser, body: dict[str, str], query: str, path: str, headers: dict[str, str]
) -> None:
    browser.cookies["authjs.callback-url"] = "%2Finspector"
    form = {"csrfToken": browser.csrf(), "id": "john_doe", "password": PASSWORD, **body}
    answer = browser.post(f"/api/auth/callback/credentials{query}", data=form, headers=headers)
    assert answer.headers["Location"] == browser.server.url + path


@pytest.mark.parametrize(("wanted", "path"), [("/client", "/client"), ("//evil.example", "")])
def test_callback_url_in_the_query_works_for_sign_out_and_redirects(
    john: Browser, wanted: str, path: str
) -> None:
    own, query = john.server.url, f"?callbackUrl={wanted}"
    form = {"csrfToken": john.csrf()}
    answer = john.post(f"/api/auth/signin/credentials{query}", data=form)
    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {"callbackUrl": [own + path]}
    answer = john.post(f"/api/auth/signout{query}", data=form)
    assert answer.headers["Location"] == own + path
    assert john.session() is None


def test_planted_callback_cookie_of_another_origin_is_ignored(browser: Browser) -> None:
    for planted in ("https://evil.example", "%2F%2Fevil.example", "///", "[", "a b"):
        browser.cookies["authjs.callback-url"] = planted
        target = browser.log_in().json()["url"]
        assert urlsplit(target)[:2] == urlsplit(browser.server.url)[:2]


def test_planted_cookie_never_becomes_the_session(browser: Browser) -> None:
    browser.token = "planted"
    browser.log_in()
    assert browser.token != "planted"
    assert browser.session()["user"]["id"] == "john_doe"


def test_planted_session_does_not_share_the_login(john: Browser, jane: Browser) -> None:
    attackers_token = john.token or ""
    jane.cookies.pop(SESSION)
    jane.token = attackers_token
    jane.log_in("jane_admin")
    assert jane.token != attackers_token
    assert jane.session()["user"]["id"] == "jane_admin"
    thief = Browser(john.server)
    thief.token = attackers_token
    assert thief.session() is None


def test_sign_in_begins_a_new_session_and_ends_the_browsers_old_one(
    john: Browser,
) -> None:
    old = john.copy()
    john.log_in()
    assert john.token != old.token
    assert old.session() is None
    assert john.session()["user"]["id"] == "john_doe"


def test_failed_sign_in_keeps_the_old_session(john: Browser) -> None:
    john.log_in("jane_admin", "wrong")
    assert john.session()["user"]["id"] == "john_doe"


def test_sign_in_of_another_browser_ends_nothing(john: Browser, other_browser: Browser) -> None:
    other_browser.log_in()
    assert john.session()["user"]["id"] == "john_doe"


def test_sign_in_changes_the_csrf_token(browser: Browser) -> None:
    before = browser.csrf()
    answer = browser.log_in()
    assert CSRF in [name for name, _, _ in set_cookies(answer)]
    assert browser.csrf() != before


@pytest.mark.parametrize(
    "password", ["tutorial\0", "\0", "\0" * 100], ids=["suffix", "one", "many"]
)
def test_password_with_nul_is_wrong(browser: Browser, password: str) -> None:
    assert browser.log_in("john_doe", password).status_code == 401


def test_password_of_a_megabyte_is_refused_fast(browser: Browser) -> None:
    token = browser.csrf()
    started = time.monotonic()
    form = {"csrfToken": token, "id": "john_doe", "password": "x" * 1_000_000}
    assert (
        browser.post("/api/auth/callback/credentials", data=form, headers=ALONE).status_code == 413
    )
    assert time.monotonic() - started < 5


def test_long_password_is_not_cut(browser: Browser) -> None:
    assert browser.log_in("john_doe", PASSWORD + "x" * 10_000).status_code == 401


def test_line_break_in_the_account_forges_no_log_line(
    browser: Browser,
) -> None:
    browser.log_in("x\n2026-01-01 00:00:00,000 INFO authdemo: FORGED", "wrong")
    assert "\n2026-01-01 00:00:00,000" not in browser.server.logged()


def test_sign_in_endpoints_lead_to_the_apps_own_page(browser: Browser) -> None:
    url = browser.server.url
    answer = browser.get("/api/auth/signin?callbackUrl=https%3A%2F%2Fevil.example")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{url}/login?callbackUrl=")
    assert "evil" not in answer.headers["Location"]
    form = {"csrfToken": browser.csrf(), "callbackUrl": "/client"}
    headers = {"X-Auth-Return-Redirect": "1"}
    answer = browser.post("/api/auth/signin/credentials", data=form, headers=headers)
    assert answer.json()["url"].startswith(f"{url}/login?callbackUrl=")


def test_failures_beyond_the_limit_get_retry_after(
    strict_server: Server,
) -> None:
    browser = Browser(strict_server)
    statuses = [browser.log_in("john_doe", "wrong").status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    answer = browser.log_in("john_doe", PASSWORD)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.json()["message"]
    assert "error=TooManyAttempts" in answer.json()["url"]


def test_rate_limit_is_json_for_programs_and_a_page_for_people(
    strict_server: Server,
) -> None:
    browser = Browser(strict_server)
    form = {"csrfToken": browser.csrf(), "id": "jane_doe", "password": "wrong"}

    def log_in(accept: str) -> httpx.Response:
        return browser.post("/api/auth/callback/credentials", data=form, headers={"Accept": accept})

    assert [log_in("*/*").status_code for _ in range(4)] == [302, 302, 302, 429]
    assert 1 <= int(log_in("*/*").headers["Retry-After"]) <= 60
    answer = log_in("text/html")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{strict_server.url}/login?error=TooManyAttempts"


def test_forwarded_address_gives_no_more_attempts(strict_server: Server) -> None:
    browser = Browser(strict_server)
    statuses = []
    for number in range(4):
        form = {"csrfToken": browser.csrf(), "id": "nobody", "password": "wrong"}
        headers = {"X-Auth-Return-Redirect": "1", "X-Forwarded-For": f"10.0.0.{number}"}
        answer = browser.post("/api/auth/callback/credentials", data=form, headers=headers)
        statuses.append(answer.status_code)
    assert statuses == [401, 401, 401, 429]


def test_blanks_around_an_id_give_no_more_attempts(strict_server: Server) -> None:
    browser = Browser(strict_server)
    typed = ("ada", "ada ", " ada", "\tada\u3000", "ada" + " " * 300)
    statuses = [browser.log_in(each, "wrong").status_code for each in typed]
    assert statuses == [401, 401, 401, 429, 429]


def test_letter_case_of_an_id_gives_no_more_attempts(strict_server: Server) -> None:
    browser = Browser(strict_server)
    typed = ("grace", "Grace", "GRACE", "gRACE", "\uff47race")
    statuses = [browser.log_in(each, "wrong").status_code for each in typed]
    assert statuses == [401, 401, 401, 429, 429]


def test_failures_of_one_account_do_not_lock_another(strict_server: Server) -> None:
    browser = Browser(strict_server)
    for _ in range(4):
        browser.log_in("someone", "wrong")
    assert browser.log_in("jane_admin").status_code == 200


def test_log_holds_no_password_and_no_token(john: Browser) -> None:
    john.log_in("john_doe", "a-very-secret-password")
    assert "a-very-secret-password" not in john.server.logged()
    assert (john.token or "?") not in john.server.logged()
