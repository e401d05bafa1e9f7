"""The guide on tokens for other services: the app, and the service that verifies them."""

from __future__ import annotations

import httpx
import jwt

from authdemo.testing import wait_until
from tests.docs.conftest import World
from tests.support.apps import state
from tests.support.browser import Browser
from tests.support.tab import Tab

BILLING = state("billing")


def test_a_service_knows_who_the_user_is(world: World) -> None:
    ada = Browser(world.app)
    assert ada.log_in("ada").status_code == 200
    with Tab(world.app, ada) as tab:
        tab.call(f"{BILLING}.ask")
        wait_until(lambda: tab.var(BILLING, "answer") == "ada pays for gold")
        assert "eyJ" not in tab.received()


def test_the_session_cookie_is_worth_nothing_there(world: World) -> None:
    ada = Browser(world.app)
    ada.log_in("ada")
    assert jwt.get_unverified_header(ada.token or "")["alg"] == "EdDSA"
    answer = httpx.post(world.billing, headers={"Authorization": f"Bearer {ada.token}"})
    assert answer.status_code == 401


def test_the_keys_are_there_for_everybody_and_hold_nothing_private(world: World) -> None:
    answer = Browser(world.app).get("/api/auth/jwks")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert [set(key) for key in answer.json()["keys"]] == [{"kty", "crv", "x", "kid", "use", "alg"}]
