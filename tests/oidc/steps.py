"""The steps of a sign-in at a provider, with a browser's pages and without."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
from playwright.sync_api import Page

from authdemo.testing.browser import AS_CLIENT
from tests.e2e.visitor import click, is_connected
from tests.oidc.cheat import Cheat
from tests.support.browser import Browser


def go(
    browser: Browser, provider: str = "cheat", *, wanted: str = "/", **query: str
) -> dict[str, str]:
    """Go to the provider, and tell what it is asked."""
    form = {"csrfToken": browser.csrf(), "callbackUrl": wanted}
    path = f"/api/auth/signin/{provider}" + (f"?{httpx.QueryParams(query)}" if query else "")
    answer = browser.post(path, data=form, headers=AS_CLIENT)
    assert answer.status_code == 200
    return query_of(answer.json()["url"])


def oauth_callback(
    browser: Browser, cheat: Cheat, asked: dict[str, str], provider: str = "cheat", **more: str
) -> httpx.Response:
    """Come back from the provider with a code."""
    query = {**query_of(cheat.authorize(asked)), **more}
    return browser.get(f"/api/auth/callback/{provider}?{httpx.QueryParams(query)}")


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def refusal(answer: httpx.Response, browser: Browser) -> str:
    """Return why a sign-in was rejected; nobody is signed in then."""
    assert browser.session() is None
    return reason(answer, browser)


def reason(answer: httpx.Response, browser: Browser) -> str:
    """Return why a sign-in was rejected."""
    assert answer.status_code == 302
    place = urlsplit(answer.headers["Location"].removeprefix(browser.server.url))
    assert place.path == "/login"
    query = query_of(place.geturl())
    assert query["error"] in ("OAuthCallbackError", "AccessDenied")
    return query.get("code", "")


def sign_in_at_the_provider(tab: Page, provider: str) -> None:
    is_connected(tab)
    click(tab, f"Log in with {provider}")
    prove(tab)
    tab.get_by_role("button", name="Continue").click()


def prove(tab: Page) -> None:
    """Give the password that the provider asks for."""
    tab.locator("[name=login]").fill("ada")
    tab.locator("[name=password]").fill("any")
    tab.get_by_role("button", name="Sign-in").click()
