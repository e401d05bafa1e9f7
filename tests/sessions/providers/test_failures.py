"""A failure on the way to a provider or back ends at the sign-in page, and is audited."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from authdemo.sessions.core.errors import StoreUnavailable
from authdemo.sessions.providers import OAuth2, OpenIDConnect, github
from authdemo.sessions.stores.sqlite import SQLiteStore
from authdemo.testing import FrozenClock
from tests.oidc.cheat import CLIENT, Cheat
from tests.oidc.github import GitHub
from tests.oidc.steps import query_of
from tests.sessions.providers.conftest import SECRET
from tests.sessions.providers.house import House, open_house
from tests.support.house import ADA

LIMIT = 100
"""How many sign-ins may start from one address in a minute, by default."""


def fails(*_: Any) -> Any:
    raise LookupError("The app has a mistake.")


def broken_github(github_: GitHub, claims: Any = fails) -> OAuth2:
    there: dict[str, Any] = {"url": github_.url, "api": github_.url, "claims": claims}
    return github(client_id=CLIENT, client_secret=SECRET, **there)


async def location_after(house: House, provider: str, answer: dict[str, str]) -> str:
    """Come back without being signed in, and return where that redirects."""
    back = await house.oauth_callback(provider, answer)
    assert (await house.visitor.get("/api/auth/session")).json() is None
    return str(back.headers["Location"])


async def test_failing_user_callback_redirects_back_and_is_audited(
    tmp_path: Path, cheat: Cheat, caplog: pytest.LogCaptureFixture
) -> None:
    provider = OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT, user=fails)
    async with open_house(tmp_path, provider) as house:
        answer = query_of(cheat.authorize(await house.go("oidc")))
        place = await location_after(house, "oidc", answer)
        audited = await house.last_audited()
    assert place == "http://localhost/login?error=CallbackFailed"
    assert (audited.kind, audited.reason, audited.provider) == (
        "sign-in-failed",
        "CallbackFailed",
        "oidc",
    )
    assert "The app has a mistake." in caplog.text


async def test_user_callback_rejects_a_user_of_another_class(
    tmp_path: Path, cheat: Cheat, caplog: pytest.LogCaptureFixture
) -> None:
    provider = OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT, user=lambda _: ADA)
    async with open_house(tmp_path, provider) as house:
        answer = query_of(cheat.authorize(await house.go("oidc")))
        place = await location_after(house, "oidc", answer)
    assert place == "http://localhost/login?error=CallbackFailed"
    assert "The callback 'user' returned Person, which doesn't match the app's" in caplog.text


async def test_failing_claims_callback_redirects_back_and_is_audited(
    tmp_path: Path, github: GitHub, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_house(tmp_path, broken_github(github)) as house:
        answer = query_of(github.authorize(await house.go("github")))
        place = await location_after(house, "github", answer)
        assert (await house.last_audited()).provider == "github"
    assert place == "http://localhost/login?error=CallbackFailed"
    assert "The app has a mistake." in caplog.text


@pytest.mark.parametrize("answer", [None, "octocat", ["sub"]])
async def test_claims_callback_without_claims_redirects_back(
    tmp_path: Path, github: GitHub, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    async with open_house(tmp_path, broken_github(github, lambda *_: answer)) as house:
        way = query_of(github.authorize(await house.go("github")))
        assert (
            await location_after(house, "github", way)
            == "http://localhost/login?error=CallbackFailed"
        )
    assert f"The callback 'claims' returned {type(answer).__name__}, not" in caplog.text


async def test_sign_in_at_an_unreachable_provider_stores_nothing(
    tmp_path: Path, cheat: Cheat
) -> None:
    cheat.is_down = True
    async with open_house(tmp_path, OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT)) as house:
        back = await house.post("signin/oidc")
        assert "error=OAuthCallbackError" in back.json()["url"]
        assert count_one_time_values(tmp_path) == 0
        cheat.behave()
        house.clock.advance(10)
        await house.go("oidc")
        assert count_one_time_values(tmp_path) == 1


async def test_sign_ins_at_providers_are_limited_by_address(tmp_path: Path, cheat: Cheat) -> None:
    async with open_house(tmp_path, OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT)) as house:
        for _ in range(LIMIT):
            await house.go("oidc")
        back = await house.post("signin/oidc")
        assert back.status_code == 429
        assert 1 <= int(back.headers["Retry-After"]) <= 60
        body = back.json()
        assert body["url"] == "http://localhost/login?error=TooManyAttempts&code=provider"
        assert body["message"].startswith(
            "Too many sign-ins were started from your network. Try again in "
        )
        assert count_one_time_values(tmp_path) == LIMIT
        audited = await house.last_audited()
        assert (audited.reason, audited.detail) == ("TooManyAttempts", "provider")
        house.clock.advance(60)
        await house.go("oidc")


class Full(SQLiteStore):
    """A store that can be full."""

    is_full = False

    async def put_value(self, key: str, value: str, *, expires: float) -> None:
        if self.is_full:
            raise StoreUnavailable
        await super().put_value(key, value, expires=expires)


async def test_logout_at_the_provider_goes_on_without_the_store(
    tmp_path: Path, cheat: Cheat
) -> None:
    store = Full(tmp_path / "sessions.db")
    provider = OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT, rp_initiated_logout=True)
    async with open_house(tmp_path, provider, store=store) as house:
        answer = query_of(cheat.authorize(await house.go("oidc")))
        await house.oauth_callback("oidc", answer)
        way = (await house.post("signout")).json()["url"]
        store.is_full = True
        back = await house.visitor.get(way)
        assert (back.status_code, back.headers["Location"]) == (302, "http://localhost/")
        audited = await house.last_audited()
    assert (audited.kind, audited.reason) == ("sign-out-failed", "StoreUnavailable")


async def test_logout_state_expires_after_ten_minutes_of_the_current_clock(
    tmp_path: Path, cheat: Cheat
) -> None:
    provider = OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT, rp_initiated_logout=True)
    async with open_house(tmp_path, provider) as house:
        await house.oauth_callback("oidc", query_of(cheat.authorize(await house.go("oidc"))))
        later = house.engine.clock.source = FrozenClock()
        way = (await house.post("signout")).json()["url"]
        later.advance(601)
        back = await house.visitor.get(way)
        assert back.headers["Location"] == "http://localhost", "and not to the provider"


def count_one_time_values(folder: Path) -> int:
    """Count the sign-ins under way that the store keeps."""
    with closing(sqlite3.connect(folder / "sessions.db")) as database:
        return int(database.execute("SELECT count(*) FROM one_time").fetchone()[0])
