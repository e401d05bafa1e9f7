"""Forwarded headers are believed only from the operator's own proxies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from authdemo.testing import set_cookies
from authdemo.testing.browser import AS_CLIENT, SESSION
from tests.support.browser import PASSWORD, Browser
from tests.support.server import Server, running

CSRF = "__Host-authjs.csrf-token"
CLIENT = "203.0.113.7"
VIA_PROXY = {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, behind a proxy on this machine that is trusted, and another one that isn't."""
    settings = {"AUTH_TRUSTED_PROXIES": "127.0.0.1, 10.1.0.0/16", "AUTH_LOGIN_RATE": "3/minute"}
    with running(tmp_path_factory.mktemp("proxied"), **settings) as server:
        yield server


def log_in(server: Server, headers: dict[str, str], **fields: str) -> Browser:
    browser = Browser(server, session=f"__Secure-{SESSION}", csrf=CSRF)
    csrf = browser.get("/api/auth/csrf", headers=headers).json()["csrfToken"]
    form = {"csrfToken": csrf, "id": "john_doe", "password": PASSWORD, **fields}
    path = "/api/auth/callback/credentials"
    browser.last = browser.post(path, data=form, headers=AS_CLIENT | headers)  # type: ignore[attr-defined]
    return browser


def test_https_at_the_proxy_makes_cookies_secure_and_urls_https(
    behind_proxy: Server,
) -> None:
    answer = log_in(behind_proxy, VIA_PROXY).last  # type: ignore[attr-defined]
    assert answer.json()["url"].startswith("https://")
    for name, _, attributes in set_cookies(answer):
        assert name.startswith(("__Secure-", "__Host-"))
        assert "; Secure" in attributes


def test_pages_over_https_send_hsts_and_open_secure_sockets(behind_proxy: Server) -> None:
    """ASVS 3.4.1 and 4.4.1."""
    browser = Browser(behind_proxy)
    page = browser.get("/login", headers=VIA_PROXY)
    assert page.headers["Strict-Transport-Security"] == "max-age=63072000"
    scripts = re.findall(r'"(/assets/[^"]+\.js)"', page.text)
    texts = [browser.get(path, headers=VIA_PROXY).text for path in set(scripts)]
    assert any(f"wss://{behind_proxy.host}" in text for text in texts)
    assert not any(f"ws://{behind_proxy.host}" in text for text in texts)
    assert "Strict-Transport-Security" not in browser.get("/login").headers


def test_every_response_over_https_sends_hsts(behind_proxy: Server) -> None:
    """ASVS 3.4.1."""
    browser = Browser(behind_proxy)
    page = browser.get("/login", headers=VIA_PROXY).text
    files = re.findall(r'"(/assets/[^"]+\.(?:js|css))"', page)
    paths = {"/", "/client", "/nowhere", "/ping", "/api/auth/session", "/api/auth/nowhere", *files}
    for path in (*paths, "/assets/closed-12345678.js", "/_event/"):
        answer = browser.get(path, headers=VIA_PROXY)
        said = answer.headers.get_list("Strict-Transport-Security")
        assert said == ["max-age=63072000"], path
        assert "Strict-Transport-Security" not in browser.get(path).headers, path
    refused = browser.post("/api/auth/session", content=b"{", headers=VIA_PROXY)
    assert refused.headers["Strict-Transport-Security"] == "max-age=63072000"


def origin_by(browser: Browser, *lines: tuple[str, str]) -> str:
    """Read where the app believes to be."""
    answer = httpx.get(f"{browser.server.url}/api/auth/providers", headers=lines)
    return str(answer.json()["credentials"]["signinUrl"]).partition("://")[0]


def test_proxy_may_send_the_scheme_alone(behind_proxy: Server) -> None:
    headers = {"X-Forwarded-Proto": "https"}
    browser = log_in(behind_proxy, headers)
    assert browser.last.json()["url"].startswith("https://")  # type: ignore[attr-defined]
    listed = browser.get("/api/auth/sessions", headers=headers).json()
    assert {session["ip"] for session in listed if session["current"]} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("schemes", "believed"),
    [
        (["HTTPS"], "https"),
        (["https, https"], "https"),
        (["https", "https"], "https"),
        (["wss"], "https"),
        (["http"], "http"),
        (["https, http"], "http"),
        (["https", "http"], "http"),
        (["https; http"], "http"),
        (["ftp"], "http"),
        ([""], "http"),
        (["", "https"], "https"),
    ],
    ids=str,
)
@pytest.mark.parametrize("others", [(), (("X-Forwarded-For", CLIENT),)], ids=["alone", "with For"])
def test_schemes_are_trusted_if_all_proxies_agree(
    behind_proxy: Server, schemes: list[str], believed: str, others: tuple[tuple[str, str], ...]
) -> None:
    lines = [("X-Forwarded-Proto", scheme) for scheme in schemes]
    assert origin_by(Browser(behind_proxy), *lines, *others) == believed


def test_audit_has_the_clients_address(behind_proxy: Server) -> None:
    browser = log_in(behind_proxy, VIA_PROXY)
    listed = browser.get("/api/auth/sessions", headers=VIA_PROXY).json()
    assert next(session for session in listed if session["current"])["ip"] == CLIENT


def test_forwarded_values_of_the_client_are_ignored(
    behind_proxy: Server,
) -> None:
    statuses = []
    for number in range(4):
        chain = f"192.0.2.{number}, 203.0.113.9, 10.1.2.3"
        browser = log_in(
            behind_proxy, {**VIA_PROXY, "X-Forwarded-For": chain}, id="nobody", password="wrong"
        )
        statuses.append(browser.last.status_code)  # type: ignore[attr-defined]
    assert statuses == [401, 401, 401, 429]


def test_forwarded_host_is_ignored(behind_proxy: Server) -> None:
    browser = Browser(behind_proxy)
    headers = {**VIA_PROXY, "X-Forwarded-Host": "evil.example"}
    for path in ("/api/auth/providers", "/", "/login"):
        answer = browser.get(path, headers=headers)
        assert "evil.example" not in answer.text + str(answer.headers)


def test_forwarded_headers_are_ignored_without_a_trusted_proxy(browser: Browser) -> None:
    answer = browser.get("/api/auth/csrf", headers=VIA_PROXY)
    assert [name for name, _, _ in set_cookies(answer)] == ["authjs.csrf-token"]
    assert origin_by(browser, ("X-Forwarded-Proto", "https")) == "http"
    browser.log_in(headers=AS_CLIENT | VIA_PROXY)
    assert {session["ip"] for session in browser.sessions() if session["current"]} == {"127.0.0.1"}


@pytest.mark.parametrize(
    "spell",
    [
        pytest.param(lambda n: f"203.0.113.21:{5000 + n}", id="IPv4 with a port"),
        pytest.param(lambda n: f"[2001:db8:1:21::7]:{5000 + n}", id="IPv6 with a port"),
        pytest.param(lambda n: f"203.0.113.22:{n}, 10.1.2.3:{6000 + n}", id="two proxies"),
        pytest.param(
            lambda n: ["2001:db8:7:7::1", "2001:DB8:7:7:0:0:0:1", "[2001:db8:7:7::1]"][n % 3],
            id="IPv6 spellings",
        ),
        pytest.param(lambda n: "junk" * (n + 1) * 200, id="junk"),
    ],
)
def test_login_limit_counts_an_address_in_every_spelling(
    behind_proxy: Server, spell: Callable[[int], str]
) -> None:
    statuses = []
    for number in range(5):
        headers = {**VIA_PROXY, "X-Forwarded-For": spell(number)}
        browser = log_in(behind_proxy, headers, id="nobody", password="wrong")
        statuses.append(browser.last.status_code)  # type: ignore[attr-defined]
    assert statuses == [401, 401, 401, 429, 429]


def test_device_shows_the_address_without_its_port(behind_proxy: Server) -> None:
    headers = {**VIA_PROXY, "X-Forwarded-For": "203.0.113.23:5555"}
    listed = log_in(behind_proxy, headers).get("/api/auth/sessions", headers=headers).json()
    assert next(session for session in listed if session["current"])["ip"] == "203.0.113.23"
