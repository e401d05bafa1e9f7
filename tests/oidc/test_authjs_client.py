"""The unchanged `next-auth/react` signs in at the certified provider, the whole way."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest

from tests.oidc.conftest import Honest
from tests.oidc.steps import query_of
from tests.support.server import Server
from tests.wire.browser import Browser, install_client

FORM = re.compile(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
FIELD = re.compile(r'<input[^>]*\bname="(\w+)"[^>]*\bvalue="([^"]*)"')


@pytest.fixture
def browser(app: Server) -> Iterator[Browser]:
    """A browser with Auth.js's client in it."""
    browser = Browser(app.url, install_client())
    yield browser
    browser.close()


def answer(browser: Browser, url: str, page: str, **typed: str) -> tuple[str, str]:
    """Fill in the form of the provider's page, and send it."""
    action, fields = FORM.findall(page)[0]
    form = dict(FIELD.findall(fields)) | typed
    return browser.visit(urljoin(url, html.unescape(action)), form)


def sign_in_there(browser: Browser, url: str) -> str:
    """Sign in at the provider, consent, and come back; tell where that led."""
    page = answer(browser, *browser.visit(url), login="ada", password="any")
    return answer(browser, *page)[0]


def test_authjs_client_lists_the_provider(browser: Browser, app: Server) -> None:
    providers = browser.open().get_providers()
    assert providers["honest"] == {
        "id": "honest",
        "name": "Honest",
        "type": "oidc",
        "signinUrl": f"{app.url}/api/auth/signin/honest",
        "callbackUrl": f"{app.url}/api/auth/callback/honest",
    }
    assert providers["github"]["type"] == "oauth"


def test_authjs_sign_in_returns_to_the_page(browser: Browser, app: Server, honest: Honest) -> None:
    window = browser.open("/login?callbackUrl=/")
    window.expect_session("unauthenticated")
    there = window.sign_in_with("honest")
    asked = query_of(there)
    assert (asked["code_challenge_method"], asked["client_id"]) == ("S256", "my_app")
    assert asked["redirect_uri"] == f"{app.url}/api/auth/callback/honest"
    assert sign_in_there(browser, there) == f"{app.url}/"
    user = {"id": f"{honest.issuer}#ada", "name": "ada of the provider", "email": "ada@example.org"}
    assert browser.open("/").expect_session("authenticated", **user)
    window.oauth_callback()
    window.expect_session("authenticated", id=f"{honest.issuer}#ada")


@pytest.mark.parametrize("option", ["callbackUrl", "redirectTo"])
def test_authjs_sign_in_follows_callback_url(browser: Browser, app: Server, option: str) -> None:
    window = browser.open("/login")
    there = window.sign_in_with("honest", **{option: "/?tab=2"})
    assert sign_in_there(browser, there) == f"{app.url}/?tab=2"


def test_authjs_sign_in_ignores_callback_url_of_another_origin(
    browser: Browser, app: Server
) -> None:
    there = browser.open("/login").sign_in_with("honest", redirectTo="https://evil.example/")
    assert urlsplit(sign_in_there(browser, there)).netloc == urlsplit(app.url).netloc


def test_authjs_sign_out_leads_to_the_provider(
    browser: Browser, app: Server, honest: Honest
) -> None:
    sign_in_there(browser, browser.open("/login").sign_in_with("leaving", redirectTo="/"))
    window = browser.open("/")
    window.expect_session("authenticated", id=f"{honest.issuer}#ada")
    url = window.sign_out(redirectTo="/login?out=1")["url"]
    window.expect_session("unauthenticated")
    assert url.startswith(f"{app.url}/api/auth/signout/leaving?ticket=")
    place, page = browser.visit(url)
    assert (urlsplit(place).hostname, urlsplit(place).path) == ("localhost", "/session/end")
    assert answer(browser, place, page, logout="yes")[0] == f"{app.url}/login?out=1"
