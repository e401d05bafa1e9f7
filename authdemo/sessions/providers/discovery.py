"""What an OpenID provider says of itself: its addresses and its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import jwt

from ..core.basics.clock import Clock, system_clock
from ..core.errors import OAuthCallbackError
from .addresses import is_safe
from .asking import fetch, fetch_object
from .remembered import Remembered

_PATH = "/.well-known/openid-configuration"


class Discovery:
    """Knows one provider, and asks it again when it has to (OpenID Connect Discovery 1.0).

    Attributes:
        clock: The clock; the app puts its own in its place.
    """

    def __init__(self, issuer: str, *, clock: Clock = system_clock) -> None:
        """Begin without having asked.

        Args:
            issuer: The provider's name for itself, an address.
            clock: The clock.
        """
        self.clock = clock
        self._issuer = issuer
        self._metadata = Remembered(self._ask_metadata, clock=self._now)
        self._keys = Remembered(self._ask_keys, clock=self._now)

    async def metadata(self, client: httpx.AsyncClient) -> Mapping[str, Any]:
        """Read the provider's metadata.

        Args:
            client: What asks.

        Returns:
            The metadata, at most an hour old.

        Raises:
            OAuthCallbackError: If the provider can't be reached, or names another issuer.
        """
        return await self._metadata.read(client)

    async def key(self, client: httpx.AsyncClient, kid: str | None) -> jwt.PyJWK:
        """Find a key of the provider; one that isn't known yet is asked for.

        Args:
            client: What asks.
            kid: The key's name; None if the provider has but one.

        Returns:
            The key, which the provider showed within the last hour.

        Raises:
            OAuthCallbackError: If the provider has no such key, or can't be reached.
        """
        found = _find(await self._keys.read(client), kid)
        found = found or _find(await self._keys.read(client, anew=True), kid)
        if found is None:
            raise OAuthCallbackError("The provider has no such key.", reason="token")
        return found

    def _now(self) -> float:
        return self.clock()

    async def _ask_metadata(self, client: httpx.AsyncClient) -> Mapping[str, Any]:
        said = await fetch_object(client, self._issuer.rstrip("/") + _PATH)
        if said.get("issuer") != self._issuer:
            raise OAuthCallbackError("The provider says that it is another.", reason="issuer")
        return said

    async def _ask_keys(self, client: httpx.AsyncClient) -> jwt.PyJWKSet:
        uri = endpoint(await self.metadata(client), "jwks_uri")
        return _key_set(await fetch(client, uri))


def endpoint(metadata: Mapping[str, Any], name: str) -> str:
    """Read an address that a provider names.

    Args:
        metadata: What the provider says of itself.
        name: The address's name there.

    Returns:
        The address.

    Raises:
        OAuthCallbackError: If there is none, or none that could be used.
    """
    address = metadata.get(name)
    if not isinstance(address, str) or not is_safe(address, query=True):
        raise OAuthCallbackError(
            f"The provider names no {name} that could be used.", reason="refused"
        )
    return address


def _key_set(said: object) -> jwt.PyJWKSet:
    try:
        return jwt.PyJWKSet.from_dict(said if isinstance(said, dict) else {})
    except jwt.PyJWTError as error:
        raise OAuthCallbackError("The provider's keys can't be read.", reason="token") from error


def _find(known: jwt.PyJWKSet, kid: str | None) -> jwt.PyJWK | None:
    keys = [key for key in known.keys if key.public_key_use in (None, "sig")]
    if kid is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.key_id == kid), None)
