"""Tokens for other services: they verify them offline, with the keys of `GET jwks`.

They are not session tokens. The session's own never leaves its cookie; these are made for one
audience, live for minutes, and are of a type that no session is believed by (RFC 9068).
"""

from __future__ import annotations

from typing import Any, Final

import jwt

from ..basics.clock import Clock
from ..basics.ids import new_id
from ..errors import ConfigurationError
from .keys import KeyRing

TYPE: Final = "at+jwt"
RESERVED: Final = frozenset({"iss", "aud", "sub", "client_id", "iat", "nbf", "exp", "jti"})


class AccessTokens:
    """Makes tokens for other services."""

    def __init__(self, keys: KeyRing, *, issuer: str, client: str, clock: Clock) -> None:
        """Make a mint.

        Args:
            keys: The key ring.
            issuer: Who says so: the app's public origin, or its name.
            client: The app's name.
            clock: The clock.
        """
        self._keys = keys
        self._issuer = issuer
        self._client = client
        self._clock = clock

    def mint(
        self, user_id: str, *, audience: str, max_age: int, claims: dict[str, Any] | None = None
    ) -> str:
        """Make a token.

        Args:
            user_id: Whom it speaks for.
            audience: The service that it is for.
            max_age: Seconds that it lives; nothing ends it sooner.
            claims: What it says beside that.

        Returns:
            The token in compact form.

        Raises:
            ConfigurationError: If there is no key that others can verify with, or a claim has
                a name that means something else.
        """
        pair = self._keys.newest_pair
        if pair is None:
            raise ConfigurationError(
                "Tokens for others need a key in AUTH_SIGNING_KEYS: "
                "AUTH_SECRET can't be shown to them."
            )
        taken = sorted(RESERVED & (claims or {}).keys())
        if taken or not audience or max_age <= 0:
            raise ConfigurationError(
                "A token for others needs an audience and a life, and claims of its own may "
                f"have any name but {', '.join(sorted(RESERVED))}."
            )
        now = int(self._clock())
        payload = {
            **(claims or {}),
            "iss": self._issuer,
            "aud": audience,
            "sub": user_id,
            "client_id": self._client,
            "iat": now,
            "nbf": now,
            "exp": now + max_age,
            "jti": new_id(),
        }
        headers = {"typ": TYPE, "kid": pair.kid}
        return jwt.encode(payload, pair.private, pair.algorithm, headers=headers)
