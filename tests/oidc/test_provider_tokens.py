"""An event handler calls the provider's API for the user."""

from __future__ import annotations

from authdemo.testing import wait_until
from tests.oidc.cheat import Cheat
from tests.oidc.steps import go, oauth_callback
from tests.support.apps import state
from tests.support.browser import Browser
from tests.support.tab import Tab

HOME = state("home")


def test_handler_calls_the_api_until_the_grant_is_revoked(browser: Browser, cheat: Cheat) -> None:
    cheat.lifetime, cheat.rotates = 20, True  # so short that each call refreshes the token
    oauth_callback(browser, cheat, go(browser, "keeping"), "keeping")
    issued = cheat.issued
    with Tab(browser.server, browser) as first, Tab(browser.server, browser) as second:
        for tab in (first, second):
            tab.call(f"{HOME}.fetch_profile")
            wait_until(lambda tab=tab: tab.var(HOME, "profile"))
        assert cheat.issued == issued + 2
        cheat.refresh_tokens.clear()
        first.call(f"{HOME}.fetch_profile")
        wait_until(lambda: first.var(HOME, "error"))
        assert first.var(HOME, "error")["reason"] == "revoked"
        shown = first.received() + second.received() + browser.server.logged()
    assert "access-" not in shown
    assert "refresh-" not in shown


def test_handler_of_another_providers_user_gets_no_token(browser: Browser, cheat: Cheat) -> None:
    oauth_callback(browser, cheat, go(browser))
    with Tab(browser.server, browser) as tab:
        tab.call(f"{HOME}.fetch_profile")
        wait_until(lambda: tab.var(HOME, "error"))
        assert tab.var(HOME, "error")["reason"] == "other"
        assert tab.var(HOME, "error")["values"] == {"name": "Keeping"}
