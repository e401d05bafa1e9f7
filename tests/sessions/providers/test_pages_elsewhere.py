"""Sign-in and sign-out at a provider, where another server serves the pages, as in development."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from authdemo.sessions.providers import OpenIDConnect
from tests.oidc.cheat import CLIENT, Cheat
from tests.oidc.steps import query_of
from tests.sessions.providers.house import House, open_house

PAGES = "http://localhost:3000"


@asynccontextmanager
async def visited(tmp_path: Path, cheat: Cheat) -> AsyncIterator[House]:
    """An app whose pages are elsewhere, visited there."""
    provider = OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT, rp_initiated_logout=True)
    async with open_house(tmp_path, provider, also=[PAGES]) as house:
        house.visitor.headers["Origin"] = PAGES
        yield house


async def test_sign_in_at_a_provider_ends_at_the_page(tmp_path: Path, cheat: Cheat) -> None:
    async with visited(tmp_path, cheat) as house:
        answer = query_of(cheat.authorize(await house.go("oidc")))
        del house.visitor.headers["Origin"]
        back = await house.oauth_callback("oidc", answer)
        assert back.headers["Location"] == f"{PAGES}/"


async def test_rejected_sign_in_at_a_provider_ends_at_the_sign_in_page(
    tmp_path: Path, cheat: Cheat
) -> None:
    async with visited(tmp_path, cheat) as house:
        answer = query_of(cheat.authorize(await house.go("oidc")))
        del house.visitor.headers["Origin"]
        back = await house.oauth_callback("oidc", {**answer, "code": "code-of-another"})
        assert back.headers["Location"].startswith(f"{PAGES}/login?error=OAuthCallbackError")


async def test_sign_out_at_a_provider_ends_at_the_page(tmp_path: Path, cheat: Cheat) -> None:
    async with visited(tmp_path, cheat) as house:
        await house.oauth_callback("oidc", query_of(cheat.authorize(await house.go("oidc"))))
        way = (await house.post("signout")).json()["url"]
        del house.visitor.headers["Origin"]
        there = query_of((await house.visitor.get(way)).headers["Location"])
        back = await house.visitor.get(
            "/api/auth/post-logout/oidc", params={"state": there["state"]}
        )
        assert back.headers["Location"] == f"{PAGES}/"


async def test_page_of_another_origin_starts_no_sign_in(tmp_path: Path, cheat: Cheat) -> None:
    async with visited(tmp_path, cheat) as house:
        house.visitor.headers["Origin"] = f"{PAGES}0"
        assert (await house.post("signin/oidc")).status_code in (400, 403)
