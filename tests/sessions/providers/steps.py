"""The steps of a sign-in at a provider, without an app around them."""

from __future__ import annotations

from authdemo.sessions.core.one_time import OAuthState
from authdemo.sessions.providers import OpenIDConnect
from authdemo.sessions.providers.base import Identity
from tests.oidc.cheat import Cheat
from tests.oidc.steps import query_of

BACK = "https://app.example/api/auth/callback/oidc"


async def sign_in(provider: OpenIDConnect, cheat: Cheat) -> Identity:
    """Go to the provider and come back as an identity."""
    state = OAuthState(
        provider=provider.id,
        nonce="a nonce",
        verifier=provider.new_verifier(),
        callback_url="/",
        session_id="",
        browser="",
        started_at=0,
    )
    address = await provider.authorization_url(state, key="a state", redirect_uri=BACK)
    answer = query_of(cheat.authorize(query_of(address)))
    return await provider.identify(state, answer, redirect_uri=BACK)
