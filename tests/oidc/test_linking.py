"""A sign-in links accounts only if the session is the same before and after."""

from __future__ import annotations

import pytest

from tests.oidc.cheat import Cheat
from tests.oidc.steps import go, oauth_callback, reason
from tests.support.browser import Browser
from tests.support.server import Server

STATE = "authjs.state"


@pytest.fixture
def ada(browser: Browser) -> Browser:
    """A browser in which Ada is signed in."""
    browser.log_in("ada")
    return browser


def user_of(browser: Browser) -> str | None:
    session = browser.session()
    return session["user"]["id"] if session else None


def test_accounts_are_linked_by_a_member_and_by_subject(
    app: Server, ada: Browser, cheat: Cheat
) -> None:
    other = Browser(app)
    cheat.change = lambda claims: claims | {"sub": "ada there"}
    answer = oauth_callback(other, cheat, go(other, "linked"), provider="linked")
    assert "/login?error=AccessDenied" in answer.headers["Location"]
    oauth_callback(ada, cheat, go(ada, "linked"), provider="linked")
    assert user_of(ada) == "ada"
    oauth_callback(other, cheat, go(other, "linked"), provider="linked")
    assert user_of(other) == "ada"


def test_user_who_signs_in_meanwhile_is_not_linked(
    app: Server, browser: Browser, cheat: Cheat
) -> None:
    asked = go(browser, "linked")
    browser.log_in("ada")
    assert reason(oauth_callback(browser, cheat, asked, provider="linked"), browser) == "member"
    assert user_of(browser) == "ada"
    other = Browser(app)
    answer = oauth_callback(other, cheat, go(other, "linked"), provider="linked")
    assert "/login?error=AccessDenied" in answer.headers["Location"], (
        "the subject belongs to no user"
    )


def test_member_who_signs_out_meanwhile_begins_again(ada: Browser, cheat: Cheat) -> None:
    asked = go(ada)
    ada.log_out()
    assert reason(oauth_callback(ada, cheat, asked), ada) == "member"
    assert user_of(ada) is None


def test_member_who_changes_user_meanwhile_is_not_linked(ada: Browser, cheat: Cheat) -> None:
    asked = go(ada, "linked")
    ada.log_in("grace")
    assert reason(oauth_callback(ada, cheat, asked, provider="linked"), ada) == "member"
    assert user_of(ada) == "grace"


def test_planted_secret_links_no_other_user(app: Server, ada: Browser, cheat: Cheat) -> None:
    """A neighbouring host plants its own secret, and sends the victim to the way back."""
    attacker = Browser(app)
    asked = go(attacker, "linked")
    ada.cookies[STATE] = attacker.cookies[STATE]
    assert reason(oauth_callback(ada, cheat, asked, provider="linked"), ada) == "member"
    assert user_of(ada) == "ada"
    answer = oauth_callback(attacker, cheat, go(attacker, "linked"), provider="linked")
    assert "/login?error=AccessDenied" in answer.headers["Location"]
    assert user_of(attacker) is None
