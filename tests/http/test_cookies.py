"""The cookies: names, attributes, and what planted ones can't do."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from authdemo.testing import set_cookies
from authdemo.testing.browser import CSRF, SESSION
from tests.support.browser import Browser
from tests.support.server import Server, running

SECURE_SESSION, SECURE_CSRF = f"__Secure-{SESSION}", f"__Host-{CSRF}"


@pytest.fixture(scope="module")
def secure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app whose public address is an https one."""
    provider = {"AUTH_GITHUB_ID": "app", "AUTH_GITHUB_SECRET": "hidden"}
    folder = tmp_path_factory.mktemp("secure")
    with running(folder, AUTH_URL="https://app.example", **provider) as server:
        yield server


@pytest.fixture
def secure_browser(secure_server: Server) -> Browser:
    """A browser that nobody has used yet, at the https address."""
    return Browser(secure_server, session=SECURE_SESSION, csrf=SECURE_CSRF)


CALLBACK_URL, STATE = "authjs.callback-url", "authjs.state"


def attributes(answer: httpx.Response) -> dict[str, str]:
    return {name: written for name, _, written in set_cookies(answer)}


def without_age(written: str) -> str:
    return "; ".join(part for part in written.split("; ") if not part.startswith("Max-Age="))


def test_cookies_over_http_have_plain_names_and_exact_attributes(
    browser: Browser,
) -> None:
    found = attributes(browser.log_in())
    assert found.keys() == {SESSION, CSRF, CALLBACK_URL}
    assert found[CSRF] == found[CALLBACK_URL] == "Path=/; HttpOnly; SameSite=Lax"
    assert without_age(found[SESSION]) == "Path=/; HttpOnly; SameSite=Lax"


def test_sign_in_without_callback_url_uses_the_cookie(browser: Browser) -> None:
    browser.log_in(callbackUrl="/client")
    assert browser.log_in().json() == {"url": f"{browser.server.url}/client"}


def test_planted_callback_url_of_another_site_is_ignored(browser: Browser) -> None:
    browser.cookies[CALLBACK_URL] = "https%3A%2F%2Fevil.example"
    assert browser.log_in().json() == {"url": browser.server.url}


def test_session_cookie_expires_with_the_session(browser: Browser) -> None:
    age = attributes(browser.log_in())[SESSION].partition(";")[0]
    assert 2592000 - 5 <= int(age.removeprefix("Max-Age=")) <= 2592000


def test_cookie_is_deleted_with_the_attributes_that_it_was_set_with(
    john: Browser,
) -> None:
    put = attributes(john.update({"name": "Set"}))[SESSION]
    taken = attributes(john.log_out())[SESSION]
    assert taken.startswith("Max-Age=0; ")
    assert without_age(taken) == without_age(put)


def test_cookies_over_https_are_prefixed_and_secure(
    secure_browser: Browser,
) -> None:
    found = attributes(secure_browser.log_in())
    assert found.keys() == {SECURE_SESSION, SECURE_CSRF, f"__Secure-{CALLBACK_URL}"}
    assert found[SECURE_CSRF] == "Path=/; HttpOnly; Secure; SameSite=Lax"
    assert without_age(found[SECURE_SESSION]) == "Path=/; HttpOnly; Secure; SameSite=Lax"
    taken = attributes(secure_browser.log_out())[SECURE_SESSION]
    assert taken == "Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax"


def test_urls_over_https_are_public(
    secure_browser: Browser,
) -> None:
    answer = secure_browser.log_in(callbackUrl="/client")
    assert answer.json() == {"url": "https://app.example/client"}
    assert secure_browser.update({"name": "Secure-Man"}).json()["user"]["name"] == "Secure-Man"
    assert secure_browser.get("/client").status_code == 200
    signin = secure_browser.get("/api/auth/providers").json()["credentials"]["signinUrl"]
    assert signin == "https://app.example/api/auth/signin/credentials"


def test_state_cookie_over_https_cannot_be_planted_by_a_neighbour(
    secure_browser: Browser,
) -> None:
    """A browser takes a cookie with the prefix `__Host-` from nobody but the host itself."""
    form = {"csrfToken": secure_browser.csrf()}
    answer = secure_browser.post("/api/auth/signin/github", data=form)
    found = attributes(answer)
    assert found == {f"__Host-{STATE}": "Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax"}
    secret = secure_browser.cookies.pop(f"__Host-{STATE}")
    for name in (STATE, f"__Secure-{STATE}"):
        secure_browser.cookies[name] = secret
    state = httpx.URL(answer.headers["Location"]).params["state"]
    refused = secure_browser.get(f"/api/auth/callback/github?code=x&state={state}")
    assert refused.headers["Location"].endswith("?error=OAuthCallbackError&code=browser")


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "Forwarded", "X-Original-Host"])
def test_public_origin_is_changed_by_no_header(secure_browser: Browser, name: str) -> None:
    answer = secure_browser.get("/api/auth/providers", headers={name: "evil.example"})
    assert "evil" not in answer.text
    assert "https://app.example/" in answer.text


@pytest.mark.parametrize(
    "name", ["X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Forwarded-For"]
)
def test_forwarding_headers_are_ignored_without_a_public_origin(
    browser: Browser, name: str
) -> None:
    answer = browser.get("/api/auth/providers", headers={name: "https"})
    assert answer.json() == browser.get("/api/auth/providers").json()


@pytest.mark.parametrize(
    "host", ["", "evil.example/x", "a b", "user@evil.example", "evil.example:99999999"]
)
def test_malformed_host_is_refused(browser: Browser, host: str) -> None:
    answer = browser.get("/api/auth/csrf", headers={"Host": host})
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    "name", [SESSION, "__secure-authjs.session-token", "__SECURE-authjs.session-token"]
)
def test_cookies_over_https_need_the_exact_prefix(secure_browser: Browser, name: str) -> None:
    secure_browser.log_in()
    headers = {"Cookie": f"{name}={secure_browser.token}"}
    assert secure_browser.get("/api/auth/session", headers=headers).json() is None


def test_prefixed_cookies_over_http_are_ignored(john: Browser) -> None:
    headers = {"Cookie": f"{SECURE_SESSION}={john.token}"}
    assert john.get("/api/auth/session", headers=headers).json() is None


PLANTED = {
    "junk before": "{name}=junk; {name}={good}",
    "junk after": "{name}={good}; {name}=junk",
    "nothing before": "{name}=; {name}={good}",
    "the same twice": "{name}={good}; {name}={good}",
    "junk around": "{name}=a.b.c; {name}={good}; {name}=",
    "a chunk": "{name}.0=zzz; {name}={good}; {name}.1=yyy",
    "a chunk after": "{name}={good}; {name}.0=zzz",
    "a longer name": "{name}x=zzz; {name}={good}",
    "another case": "AUTHJS.SESSION-TOKEN=zzz; {name}={good}",
    "no name": "=__Host-{name}=evil; {name}={good}; =x",
    "no value": "flag; {name}={good};;; ; flag",
    "no spaces": "a=b;{name}={good};c=d",
    "other quotes": 'a="; {name}={good}; b="',
}


@pytest.mark.parametrize("header", PLANTED.values(), ids=PLANTED.keys())
def test_planted_cookies_sign_nobody_out(john: Browser, header: str) -> None:
    cookies = header.format(name=SESSION, good=john.token)
    answer = john.copy().get("/api/auth/session", headers={"Cookie": cookies})
    assert answer.json() == john.session()
    assert set_cookies(answer) == []


def test_cookies_in_several_headers_are_all_read(john: Browser) -> None:
    headers = [("Cookie", f"{SESSION}=junk"), ("Cookie", f"{SESSION}={john.token}")]
    answer = httpx.get(f"{john.server.url}/api/auth/session", headers=headers)
    assert answer.json() == john.session()


@pytest.mark.parametrize("suffix", [".0", ".1", "x", "%00"])
def test_token_under_another_name_is_ignored(john: Browser, suffix: str) -> None:
    headers = {"Cookie": f"{SESSION}{suffix}={john.token}"}
    assert john.copy().get("/api/auth/session", headers=headers).json() is None


def test_token_cut_into_chunks_is_ignored(john: Browser) -> None:
    token = john.token or ""
    headers = {"Cookie": f"{SESSION}.0={token[:100]}; {SESSION}.1={token[100:]}"}
    assert john.copy().get("/api/auth/session", headers=headers).json() is None


def test_thousands_of_cookies_are_parsed_fast(john: Browser) -> None:
    planted = "; ".join(f"{SESSION}=junk{number}" for number in range(200))
    assert john.copy().get("/api/auth/session", headers={"Cookie": planted}).json() is None
    assert john.session() is not None
