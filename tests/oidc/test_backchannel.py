"""Who signs out at the provider is signed out here (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import time
from typing import Any

import httpx
import jwt
import pytest

from authdemo.testing import wait_until
from tests.oidc.cheat import LOGOUT, Cheat, unsigned, with_client_secret
from tests.oidc.steps import go, oauth_callback
from tests.support.browser import Browser
from tests.support.server import Server
from tests.support.tab import Tab


def signed_in(app: Server, cheat: Cheat, provider: str = "cheat", **claims: str) -> Browser:
    browser = Browser(app)
    cheat.change = lambda said: said | claims
    oauth_callback(browser, cheat, go(browser, provider), provider)
    assert browser.session() is not None
    return browser


@pytest.fixture
def eve(app: Server, cheat: Cheat) -> Browser:
    """A browser in which Eve is signed in."""
    return signed_in(app, cheat, sid="her session")


def tell(app: Server, token: str, provider: str = "cheat", **more: Any) -> httpx.Response:
    """Send a logout token, as the provider's server does."""
    address = f"{app.url}/api/auth/backchannel-logout/{provider}"
    return httpx.post(address, data={"logout_token": token}, **more)


def test_logout_token_of_a_subject_ends_its_sessions_in_every_tab(
    app: Server, eve: Browser, cheat: Cheat
) -> None:
    elsewhere = signed_in(app, cheat)
    with Tab(app, eve) as first, Tab(app, elsewhere) as second:
        wait_until(lambda: first.status == second.status == "authenticated")
        answer = tell(app, cheat.logout_token())
        assert (answer.status_code, answer.json()) == (200, {})
        assert "no-store" in answer.headers["Cache-Control"]
        wait_until(lambda: first.status == second.status == "unauthenticated")
    assert eve.session() is elsewhere.session() is None


def test_logout_token_of_a_session_ends_only_that_session(
    app: Server, eve: Browser, cheat: Cheat
) -> None:
    other = signed_in(app, cheat, sid="another session")
    for who in ({"sub": None}, {"sub": "eve"}):
        assert tell(app, cheat.logout_token(sid="no session", **who)).status_code == 200
        assert eve.session() is not None
    assert tell(app, cheat.logout_token(sub=None, sid="her session")).status_code == 200
    assert eve.session() is None
    assert other.session() is not None


def test_logout_token_ends_no_session_of_others(app: Server, eve: Browser, cheat: Cheat) -> None:
    mallory = signed_in(app, cheat, sub="mallory", sid="her session")
    at_another = signed_in(app, cheat, provider="left")
    assert tell(app, cheat.logout_token(sid="her session")).status_code == 200
    assert eve.session() is None
    assert mallory.session() is not None
    assert at_another.session() is not None


CHANGES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://elsewhere.example"},
    "another audience": {"aud": "another app"},
    "expired": {"exp": int(time.time()) - 3600},
    "no end": {"exp": None},
    "from the future": {"iat": int(time.time()) + 3600},
    "a time that is text": {"iat": str(int(time.time()))},
    "a time that is a truth": {"iat": True},
    "no id": {"jti": None},
    "nobody": {"sub": None},
    "no text": {"sub": ["eve"]},
    "a nonce": {"nonce": "of a sign-in"},
    "no event": {"events": None},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "an event that says nothing": {"events": {LOGOUT: None}},
    "events that are none": {"events": [LOGOUT]},
}


@pytest.mark.parametrize("change", CHANGES)
def test_false_logout_token_is_rejected(
    app: Server, eve: Browser, cheat: Cheat, change: str
) -> None:
    answer = tell(app, cheat.logout_token(**CHANGES[change]))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert eve.session() is not None


@pytest.mark.parametrize("sign", [unsigned, with_client_secret])
def test_logout_token_with_false_signature_is_rejected(
    app: Server, eve: Browser, cheat: Cheat, sign
) -> None:
    cheat.sign = sign
    assert tell(app, cheat.logout_token()).status_code == 400
    assert eve.session() is not None
    wait_until(lambda: app.audited(kind="refused", provider="cheat", detail="token"))


@pytest.mark.parametrize(("kind", "status"), [("at+jwt", 400), ("logout+jwt", 200)])
def test_token_of_another_type_is_rejected(
    app: Server, eve: Browser, cheat: Cheat, kind: str, status: int
) -> None:
    header = {"kid": cheat.kid, "typ": kind}
    cheat.sign = lambda claims, own: jwt.encode(claims, own.key, "ES256", headers=header)
    assert tell(app, cheat.logout_token()).status_code == status
    assert (eve.session() is None) == (status == 200)


def test_id_token_is_rejected_as_logout_token(app: Server, eve: Browser, cheat: Cheat) -> None:
    cheat.nonces["x"] = "a nonce"
    assert tell(app, cheat.id_token("x")).status_code == 400
    assert tell(app, "").status_code == 400
    assert eve.session() is not None


def test_old_logout_token_ends_no_later_session(app: Server, eve: Browser, cheat: Cheat) -> None:
    before = cheat.logout_token(iat=int(time.time()) - 45)
    assert tell(app, before).status_code == 200
    assert eve.session() is not None


@pytest.mark.parametrize("provider", ["github", "credentials", "nothing"])
def test_provider_without_backchannel_logout_gets_404(
    app: Server, cheat: Cheat, provider: str
) -> None:
    assert tell(app, cheat.logout_token(), provider).status_code == 404


def test_logout_token_is_read_only_from_a_posted_form(app: Server, eve: Browser) -> None:
    path = "/api/auth/backchannel-logout/cheat"
    assert eve.get(path).status_code == 405
    assert eve.post(path, content="x", headers={"Content-Type": "text/plain"}).status_code == 415
    assert eve.post(path, data={"other": "x"}).status_code == 400
    assert eve.session() is not None
