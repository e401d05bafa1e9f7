"""Who signs out here is led to the provider to sign out there, and comes back."""

from __future__ import annotations

import httpx
import jwt
import pytest

from authdemo.testing import wait_until
from authdemo.testing.browser import AS_CLIENT
from tests.oidc.cheat import Cheat
from tests.oidc.steps import go, oauth_callback, query_of
from tests.support.browser import Browser
from tests.support.server import Server


@pytest.fixture
def eve(app: Server, cheat: Cheat) -> Browser:
    """A browser in which Eve is signed in, by way of a provider that she can sign out at."""
    return signed_in(app, cheat, "left")


def signed_in(app: Server, cheat: Cheat, provider: str) -> Browser:
    browser = Browser(app)
    oauth_callback(browser, cheat, go(browser, provider), provider)
    assert browser.session()["user"]["id"] == f"{cheat.issuer}#eve"
    return browser


def follow(browser: Browser, url: str) -> str:
    """Go to an address of the app, and tell where it leads; no script could."""
    answer = browser.get(url.removeprefix(browser.server.url), headers=AS_CLIENT)
    assert answer.content == b""
    assert (answer.status_code, answer.headers["Cache-Control"][:7]) == (302, "private")
    return str(answer.headers["Location"])


def test_sign_out_redirects_to_the_provider_and_back(eve: Browser, cheat: Cheat) -> None:
    way = eve.log_out(callbackUrl="/login?from=here").json()["url"]
    assert eve.session() is None, "whatever the provider says"
    there = follow(eve, way)
    assert there.startswith(f"{cheat.issuer}/end_session?")
    told = query_of(there)
    back = f"{eve.server.url}/api/auth/post-logout/left"
    assert (told["client_id"], told["post_logout_redirect_uri"]) == ("my_app", back)
    hint = jwt.decode(told["id_token_hint"], options={"verify_signature": False})
    assert (hint["sub"], hint["iss"]) == ("eve", cheat.issuer)
    home = follow(eve, f"{back}?state={told['state']}")
    assert home == f"{eve.server.url}/login?from=here"


def test_id_token_stays_on_the_server(eve: Browser) -> None:
    """Nothing that a script could read holds it, and the cookie holds no more than before."""
    paths = ("session", "sessions", "token", "providers")
    said = [eve.get(f"/api/auth/{path}").text for path in paths]
    claims = eve.get("/api/auth/token").json()["claims"]
    assert set(claims) == {
        "iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "rev", "user",
        "amr", "level",
    }  # fmt: skip
    left = eve.log_out()
    hint = query_of(follow(eve, left.json()["url"]))["id_token_hint"]
    for text in (*said, left.text, str(left.headers), eve.server.logged()):
        assert hint not in text


def test_each_sign_out_step_works_once_and_at_its_provider(eve: Browser) -> None:
    home = eve.server.url
    way = eve.log_out().json()["url"]
    elsewhere = way.replace("/signout/left", "/signout/cheat")
    assert follow(eve, elsewhere) == home
    assert follow(eve, way) == home, "it was used up"
    for path in ("signout/left", "signout/left?ticket=made-up", "post-logout/left?state=made-up"):
        assert follow(eve, f"/api/auth/{path}") == home
    assert eve.get("/api/auth/signout/nothing?ticket=x").status_code == 404


def test_sign_out_url_ends_no_session_of_others(app: Server, eve: Browser, cheat: Cheat) -> None:
    """A victim that follows another user's logout URL stays signed in."""
    victim = signed_in(app, cheat, "cheat")
    follow(victim, eve.log_out().json()["url"])
    assert victim.session() is not None


def test_provider_without_end_session_endpoint_is_skipped(app: Server, cheat: Cheat) -> None:
    cheat.metadata = {"end_session_endpoint": None}
    browser = signed_in(app, cheat, "closed")
    way = browser.log_out(callbackUrl="/login?from=here").json()["url"]
    assert browser.session() is None
    assert follow(browser, way) == f"{app.url}/login?from=here"
    failed = {"kind": "sign-out-failed", "provider": "closed", "detail": "refused"}
    wait_until(lambda: app.audited(**failed))


def test_sign_out_skips_the_provider_by_default(app: Server, cheat: Cheat) -> None:
    browser = signed_in(app, cheat, "cheat")
    assert browser.log_out().json()["url"] == app.url


def test_sign_out_form_redirects_to_the_provider(eve: Browser, cheat: Cheat) -> None:
    answer: httpx.Response = eve.post("/api/auth/signout", data={"csrfToken": eve.csrf()})
    assert answer.status_code == 302
    assert follow(eve, answer.headers["Location"]).startswith(cheat.issuer)
