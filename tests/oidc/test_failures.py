"""What fails on the way to a provider or back ends at the sign-in page, and is noted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from authdemo.sessions import OAuth2, OpenIDConnect, github
from tests.oidc.cheat import CLIENT, Cheat
from tests.oidc.conftest import SECRET
from tests.oidc.github import GitHub
from tests.oidc.house import House, open_house
from tests.oidc.steps import query_of


def fails(*_: Any) -> Any:
    raise LookupError("The app has a mistake.")


def broken_github(github_: GitHub) -> OAuth2:
    there: dict[str, Any] = {"url": github_.url, "api": github_.url, "claims": fails}
    return github(client_id=CLIENT, client_secret=SECRET, **there)


async def told(house: House, provider: str, answer: dict[str, str]) -> str:
    """Come back, and tell where that leads; nobody is signed in then."""
    back = await house.come_back(provider, answer)
    assert (await house.visitor.get("/api/auth/session")).json() is None
    return str(back.headers["Location"])


async def test_a_mistake_of_the_app_in_making_a_user_leads_back_and_is_noted(
    tmp_path: Path, cheat: Cheat, caplog: pytest.LogCaptureFixture
) -> None:
    provider = OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT, user=fails)
    async with open_house(tmp_path, provider) as house:
        answer = query_of(cheat.authorize(await house.go("oidc")))
        place = await told(house, "oidc", answer)
        noted = await house.noted()
    assert place == "http://localhost/login?error=CallbackFailed"
    assert (noted.kind, noted.reason, noted.provider) == (
        "sign-in-failed",
        "CallbackFailed",
        "oidc",
    )
    assert "The app has a mistake." in caplog.text


async def test_a_mistake_in_reading_claims_does_too(
    tmp_path: Path, github: GitHub, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_house(tmp_path, broken_github(github)) as house:
        answer = query_of(github.authorize(await house.go("github")))
        place = await told(house, "github", answer)
        assert (await house.noted()).provider == "github"
    assert place == "http://localhost/login?error=CallbackFailed"
    assert "The app has a mistake." in caplog.text
