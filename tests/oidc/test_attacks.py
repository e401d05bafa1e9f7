"""Attacks by a provider, or between it and the app; none of them changes a session."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from authdemo.testing import wait_until
from authdemo.testing.browser import AS_CLIENT
from tests.oidc.cheat import Cheat, unsigned, with_client_secret
from tests.oidc.steps import go, oauth_callback, query_of, refusal
from tests.support.browser import Browser
from tests.support.server import Server


def test_honest_provider_signs_in(browser: Browser, cheat: Cheat) -> None:
    asked = go(browser)
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    answer = oauth_callback(browser, cheat, asked)
    assert answer.headers["Location"] == browser.server.url + "/"
    user = browser.session()["user"]
    assert (user["id"], user["name"]) == (f"{cheat.issuer}#eve", "Eve of the Provider")
    assert user["email"] is None, "nobody has verified it"


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "another sign-in's nonce": ({"nonce": "another"}, "nonce"),
    "no nonce": ({"nonce": None}, "nonce"),
    "another issuer": ({"iss": "https://elsewhere.example"}, "issuer"),
    "another audience": ({"aud": "another app"}, "audience"),
    "several audiences and nobody authorized": ({"aud": ["my_app", "another"]}, "audience"),
    "another authorized party": ({"azp": "another"}, "audience"),
    "expired": ({"exp": int(time.time()) - 3600}, "expired"),
    "from the future": ({"iat": int(time.time()) + 3600}, "token"),
    "no end": ({"exp": None}, "token"),
    "nobody": ({"sub": None}, "token"),
    "not yet valid": ({"nbf": int(time.time()) + 3600}, "token"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_false_claim_is_rejected(browser: Browser, cheat: Cheat, change: str) -> None:
    asked = go(browser)
    changed, reason = CHANGES[change]
    cheat.change = lambda claims: {
        name: value for name, value in {**claims, **changed}.items() if value is not None
    }
    assert refusal(oauth_callback(browser, cheat, asked), browser) == reason


@pytest.mark.parametrize("sign", [unsigned, with_client_secret])
def test_false_signature_is_rejected(browser: Browser, cheat: Cheat, sign) -> None:
    asked = go(browser)
    cheat.sign = sign
    assert refusal(oauth_callback(browser, cheat, asked), browser) == "token"


def test_unpublished_key_is_rejected(browser: Browser, cheat: Cheat) -> None:
    asked = go(browser)
    kept = cheat.key, cheat.kid
    cheat.rotate("first", published=False)
    answer = oauth_callback(browser, cheat, asked)
    cheat.key, cheat.kid = kept
    assert refusal(answer, browser) == "token"


def test_code_is_accepted_once(browser: Browser, cheat: Cheat) -> None:
    asked = go(browser)
    oauth_callback(browser, cheat, asked)
    browser.log_out()
    assert refusal(oauth_callback(browser, cheat, asked), browser) == "state"


def test_sign_in_begun_before_a_revocation_is_rejected(
    app: Server, browser: Browser, cheat: Cheat
) -> None:
    own = Browser(app)
    oauth_callback(own, cheat, go(own))
    asked = go(browser)
    assert own.revoke(all=True).status_code == 200
    answer = oauth_callback(browser, cheat, asked)
    assert query_of(answer.headers["Location"])["error"] == "SignInOutdated"
    assert browser.session() is None
    oauth_callback(browser, cheat, go(browser))
    assert browser.session() is not None


def test_swapped_code_is_rejected_by_the_provider(
    app: Server, browser: Browser, cheat: Cheat
) -> None:
    """An attacker sends a victim back with a code of the attacker's own sign-in."""
    thief = query_of(cheat.authorize(go(Browser(app))))
    answer = oauth_callback(browser, cheat, go(browser), code=thief["code"])
    assert refusal(answer, browser) == "refused"


def test_swapped_code_is_rejected_without_pkce_at_the_provider(
    app: Server, browser: Browser, cheat: Cheat
) -> None:
    cheat.is_careless = True
    thief = query_of(cheat.authorize(go(Browser(app))))
    answer = oauth_callback(browser, cheat, go(browser), code=thief["code"])
    assert refusal(answer, browser) == "nonce"


def test_wrong_code_verifier_is_rejected(browser: Browser, cheat: Cheat) -> None:
    asked = go(browser)
    answer = oauth_callback(browser, cheat, asked | {"code_challenge": "another's"})
    assert refusal(answer, browser) == "refused"


def test_state_of_another_browser_is_rejected(app: Server, browser: Browser, cheat: Cheat) -> None:
    victim = Browser(app)
    go(victim)
    assert refusal(oauth_callback(victim, cheat, go(browser)), victim) == "browser"


def test_state_of_one_provider_is_rejected_by_another(browser: Browser, cheat: Cheat) -> None:
    assert (
        refusal(oauth_callback(browser, cheat, go(browser), provider="honest"), browser) == "state"
    )


def test_response_of_another_issuer_is_rejected(browser: Browser, cheat: Cheat) -> None:
    """RFC 9207."""
    answer = oauth_callback(browser, cheat, go(browser), iss="https://elsewhere.example")
    assert refusal(answer, browser) == "issuer"


def test_userinfo_of_another_user_is_rejected(browser: Browser, cheat: Cheat) -> None:
    asked = go(browser)
    cheat.change = lambda claims: {k: v for k, v in claims.items() if k != "name"}
    cheat.userinfo = "mallory"
    assert refusal(oauth_callback(browser, cheat, asked), browser) == "subject"
    cheat.userinfo = "eve"
    oauth_callback(browser, cheat, go(browser))
    assert browser.session()["user"]["name"] == "Eve from Userinfo"


VERIFIED = {"email": "eve@example.org", "email_verified": True}


@pytest.mark.parametrize(
    ("token", "userinfo", "email"),
    [
        ({"email": "victim@example.org"}, VERIFIED, None),
        ({"email_verified": True}, {"email": "victim@example.org"}, None),
        ({}, VERIFIED, "eve@example.org"),
        (VERIFIED, {}, "eve@example.org"),
    ],
)
def test_email_is_verified_only_by_its_own_source(
    browser: Browser, cheat: Cheat, token: Any, userinfo: Any, email: str | None
) -> None:
    asked = go(browser)
    left = ("name", "email")
    cheat.change = lambda claims: {k: v for k, v in claims.items() if k not in left} | token
    cheat.profile = userinfo
    oauth_callback(browser, cheat, asked)
    assert browser.session()["user"]["email"] == email


@pytest.mark.parametrize("query", ["", "?state=", "?state=made-up&code=x", "?code=x"])
def test_callback_without_sign_in_is_rejected(browser: Browser, query: str) -> None:
    assert refusal(browser.get(f"/api/auth/callback/cheat{query}"), browser) == "state"


def test_cancelled_sign_in_redirects_with_an_error(browser: Browser, cheat: Cheat) -> None:
    asked = go(browser)
    answer = browser.get(f"/api/auth/callback/cheat?error=access_denied&state={asked['state']}")
    assert refusal(answer, browser) == "cancelled"


def test_rejection_is_audited_with_provider_and_reason(
    app: Server, browser: Browser, cheat: Cheat
) -> None:
    asked = go(browser)
    cheat.change = lambda claims: {**claims, "nonce": "of the audit"}
    oauth_callback(browser, cheat, asked)
    failed = {"kind": "sign-in-failed", "provider": "cheat", "detail": "nonce"}
    wait_until(lambda: app.audited(**failed, reason="OAuthCallbackError"))
    cheat.behave()
    oauth_callback(browser, cheat, go(browser))
    wait_until(lambda: app.audited(kind="sign-in", provider="cheat", user=f"{cheat.issuer}#eve"))
    secrets = (asked["state"], asked["nonce"], f"code-{asked['state']}")
    assert not [secret for secret in secrets if secret in app.logged()]


def test_unreachable_provider_signs_nobody_in(browser: Browser, cheat: Cheat) -> None:
    asked = go(browser)
    cheat.is_down = True
    assert refusal(oauth_callback(browser, cheat, asked), browser) == "unreachable"


def test_attack_leaves_a_member_signed_in(browser: Browser, cheat: Cheat) -> None:
    browser.log_in("ada")
    asked = go(browser)
    cheat.change = lambda claims: {**claims, "nonce": "another"}
    oauth_callback(browser, cheat, asked)
    assert browser.session()["user"]["id"] == "ada"


def test_unknown_key_is_fetched_at_most_every_ten_seconds(browser: Browser, cheat: Cheat) -> None:
    oauth_callback(browser, cheat, go(browser))
    browser.log_out()
    known = cheat.asked.count("/jwks")
    for _ in range(3):
        asked = go(browser)
        cheat.sign = unknown_key
        assert refusal(oauth_callback(browser, cheat, asked), browser) == "token"
    assert cheat.asked.count("/jwks") <= known + 1


def unknown_key(claims: dict[str, Any], own: Cheat) -> str:
    return jwt.encode(claims, own.key, "ES256", headers={"kid": "unheard of"})


def test_credentials_are_rejected_by_an_oidc_provider(browser: Browser) -> None:
    form = {"csrfToken": browser.csrf(), "id": "ada", "password": "tutorial"}
    answer = browser.post("/api/auth/callback/cheat", data=form, headers=AS_CLIENT)
    assert answer.status_code == 404
    assert browser.session() is None
