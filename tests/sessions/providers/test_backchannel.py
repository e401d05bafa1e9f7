"""The back channel is public: invalid logout tokens are cheap, and rate limited."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from authdemo.sessions.providers import OpenIDConnect
from tests.oidc.cheat import CLIENT, Cheat
from tests.sessions.providers.house import House, open_house

LIMIT = 100
"""How many invalid tokens of one address are checked in a minute, by default."""


async def send_logout_token(house: House, token: str) -> httpx.Response:
    path = "/api/auth/backchannel-logout/oidc"
    return await house.visitor.post(path, data={"logout_token": token})


async def test_invalid_logout_tokens_are_rate_limited(tmp_path: Path, cheat: Cheat) -> None:
    provider = OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT)
    async with open_house(tmp_path, provider) as house:
        statuses = [(await send_logout_token(house, "junk")).status_code for _ in range(LIMIT)]
        assert set(statuses) == {400}
        rejected = await send_logout_token(house, "junk")
        assert (rejected.status_code, rejected.headers["Retry-After"]) == (429, "60")
        house.clock.advance(60)
        assert (await send_logout_token(house, "junk")).status_code == 400


async def test_valid_logout_tokens_are_not_rate_limited(tmp_path: Path, cheat: Cheat) -> None:
    provider = OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT)
    async with open_house(tmp_path, provider) as house:
        for _ in range(LIMIT + 1):
            assert (await send_logout_token(house, cheat.logout_token())).status_code == 200


async def test_unreachable_provider_is_not_counted_as_an_attack(
    tmp_path: Path, cheat: Cheat
) -> None:
    provider = OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT)
    async with open_house(tmp_path, provider) as house:
        token, cheat.is_down = cheat.logout_token(), True
        for _ in range(LIMIT + 1):
            assert (await send_logout_token(house, token)).status_code == 400
        cheat.is_down = False
        house.clock.advance(10)
        assert (await send_logout_token(house, token)).status_code == 200


async def test_rejection_reuses_the_loaded_certificate_authorities(
    tmp_path: Path, cheat: Cheat
) -> None:
    provider = OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT)
    async with open_house(tmp_path, provider) as house:
        await send_logout_token(house, "junk")
        began = time.process_time()
        for _ in range(50):
            await send_logout_token(house, "junk")
        assert time.process_time() - began < 0.5
