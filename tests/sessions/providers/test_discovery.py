"""Metadata and keys of a provider are fetched when they are due, and not more often."""

from __future__ import annotations

import asyncio

import pytest

from authdemo.sessions.core.errors import OAuthCallbackError
from authdemo.sessions.providers import OpenIDConnect
from authdemo.testing import FrozenClock
from tests.oidc.cheat import Cheat
from tests.sessions.providers.steps import sign_in

KEYS, METADATA = "/jwks", "/.well-known/openid-configuration"


async def refusal(provider: OpenIDConnect, cheat: Cheat) -> str:
    """Return why a sign-in is rejected."""
    with pytest.raises(OAuthCallbackError) as refused:
        await sign_in(provider, cheat)
    return refused.value.reason


async def test_new_key_signs_in_and_old_key_does_not(
    provider: OpenIDConnect, cheat: Cheat, clock: FrozenClock
) -> None:
    assert (await sign_in(provider, cheat)).subject == "eve"
    old = cheat.key, cheat.kid
    cheat.rotate("second")
    clock.advance(10)
    assert (await sign_in(provider, cheat)).subject == "eve"
    cheat.key, cheat.kid = old
    assert await refusal(provider, cheat) == "token"


async def test_withdrawn_key_is_accepted_for_an_hour_at_most(
    provider: OpenIDConnect, cheat: Cheat, clock: FrozenClock
) -> None:
    await sign_in(provider, cheat)
    old = cheat.key, cheat.kid
    cheat.rotate("second")
    cheat.key, cheat.kid = old
    clock.advance(hours=1)
    await sign_in(provider, cheat)
    clock.advance(1)
    assert await refusal(provider, cheat) == "token"


async def test_withdrawn_key_expires_while_the_provider_is_unreachable(
    provider: OpenIDConnect, cheat: Cheat, clock: FrozenClock
) -> None:
    await sign_in(provider, cheat)
    token = cheat.logout_token()
    cheat.is_down = True
    assert (await provider.verify_logout(token)).subject == "eve"
    clock.advance(hours=1, seconds=1)
    with pytest.raises(OAuthCallbackError, match="can't answer"):
        await provider.verify_logout(token)


async def test_unreachable_provider_is_not_asked_again_for_ten_seconds(
    provider: OpenIDConnect, cheat: Cheat, clock: FrozenClock
) -> None:
    """Anyone may send logout tokens; each could cause a request."""
    token, cheat.is_down = cheat.logout_token(), True
    for _ in range(3):
        with pytest.raises(OAuthCallbackError, match="can't answer") as refused:
            await provider.verify_logout(token)
        assert refused.value.reason == "unreachable"
    assert cheat.asked == [METADATA]
    clock.advance(10)
    cheat.is_down = False
    assert (await provider.verify_logout(token)).subject == "eve"


async def test_unreadable_keys_are_not_fetched_again_at_once(
    provider: OpenIDConnect, cheat: Cheat, clock: FrozenClock
) -> None:
    cheat.metadata = {"jwks_uri": f"{cheat.issuer}/nowhere"}
    for _ in range(3):
        assert await refusal(provider, cheat) == "unreachable"
    assert cheat.asked.count("/nowhere") == 1


async def test_concurrent_sign_ins_fetch_the_metadata_once(
    provider: OpenIDConnect, cheat: Cheat
) -> None:
    token = cheat.logout_token()
    said = await asyncio.gather(*(provider.verify_logout(token) for _ in range(5)))
    assert {each.subject for each in said} == {"eve"}
    assert cheat.asked == [METADATA, KEYS]


async def test_metadata_of_another_issuer_is_rejected(
    provider: OpenIDConnect, cheat: Cheat, clock: FrozenClock
) -> None:
    """ASVS 10.5.3."""
    cheat.metadata = {"issuer": "https://elsewhere.example"}
    assert await refusal(provider, cheat) == "issuer"
    cheat.metadata = {}
    clock.advance(10)
    assert (await sign_in(provider, cheat)).subject == "eve"
