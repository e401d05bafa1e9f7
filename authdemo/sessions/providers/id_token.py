"""Tokens that a provider signs: what has to be true before one is believed."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import jwt

from ..core.errors import OAuthCallbackError
from .discovery import Discovery
from .logouts import Logout

ALGORITHMS = frozenset(
    f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)
) | {"EdDSA"}
"""What a token may be signed with: never a secret, never nothing."""

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
"""What a logout token says has happened; a name, and no address that is ever asked."""

LOGOUT_TYPES = frozenset({"logout+jwt", "jwt"})
"""What a logout token may call itself; the first is recommended, and not all providers follow."""

_NO_TIME = 100_000_000_000
"""Seconds since 1970 that nobody lives to see."""

_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
_REQUIRED_OF_LOGOUT = ["iss", "aud", "iat", "exp", "jti", "events"]
_REASONS: dict[type[jwt.PyJWTError], str] = {
    jwt.ExpiredSignatureError: "expired",
    jwt.InvalidIssuerError: "issuer",
    jwt.InvalidAudienceError: "audience",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Verifies what one provider signs for one app.

    Attributes:
        issuer: The provider's name for itself.
        client_id: The app's id there.
        leeway: Seconds by which the provider's clock may differ.
        discovery: Knows the provider's keys.
    """

    issuer: str
    client_id: str
    leeway: float
    discovery: Discovery

    async def id_token(self, http: httpx.AsyncClient, token: object, nonce: str) -> dict[str, Any]:
        """Verify an id token (OpenID Connect Core section 3.1.3.7).

        Args:
            http: What asks for the provider's keys.
            token: The token.
            nonce: What it has to repeat.

        Returns:
            Its claims.

        Raises:
            OAuthCallbackError: If it can't be believed; its `reason` says why.
        """
        claims = await self._decode(http, str(token), _REQUIRED)
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self.client_id) != self.client_id:
            raise OAuthCallbackError("The token was made for another app.", reason="audience")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise OAuthCallbackError("The token was made for another sign-in.", reason="nonce")
        return claims

    async def logout_token(self, http: httpx.AsyncClient, token: object) -> Logout:
        """Verify a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6).

        Args:
            http: What asks for the provider's keys.
            token: The token.

        Returns:
            What it says.

        Raises:
            OAuthCallbackError: If it can't be believed; its `reason` says why.
        """
        claims = await self._decode(http, str(token), _REQUIRED_OF_LOGOUT)
        events, subject, sid = claims["events"], claims.get("sub", ""), claims.get("sid", "")
        is_logout = isinstance(events, dict) and isinstance(events.get(LOGOUT_EVENT), dict)
        says_who = isinstance(subject, str) and isinstance(sid, str) and (subject or sid)
        kind = str(jwt.get_unverified_header(str(token)).get("typ", "JWT"))
        is_logout = is_logout and kind.lower() in LOGOUT_TYPES
        at = _seconds(claims["iat"])
        if not is_logout or not says_who or "nonce" in claims or at is None:
            raise OAuthCallbackError("The token says of nobody that they are out.", reason="token")
        return Logout(subject=subject, sid=sid, at=at)

    async def _decode(
        self, http: httpx.AsyncClient, token: str, required: list[str]
    ) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            algorithm = _agreed(header, await self.discovery.metadata(http))
            key = await self.discovery.key(http, header.get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[algorithm],
                audience=self.client_id,
                issuer=self.issuer,
                leeway=self.leeway,
                options={"require": required},
            )
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            reason = next((_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS), "")
            raise OAuthCallbackError(
                "The token can't be believed.", reason=reason or "token"
            ) from error
        return claims


def proved_at(claims: Mapping[str, Any], *, since: float, leeway: float) -> float:
    """Tell when somebody proved at the provider who they are (OpenID Connect Core section 2).

    Args:
        claims: The claims of their id token.
        since: When they must have, at the earliest; 0 if it doesn't matter.
        leeway: Seconds by which the provider's clock may differ.

    Returns:
        The provider's `auth_time`, or 0 if it doesn't say.

    Raises:
        OAuthCallbackError: If it was before, or nobody knows.
    """
    at = _seconds(claims.get("auth_time")) or 0.0
    if at + leeway < since:
        raise OAuthCallbackError("The provider didn't ask who it is again.", reason="proof")
    return at


def _seconds(said: object) -> float | None:
    """Read a time as RFC 7519 section 2 has it: a number, and no text that looks like one."""
    if not isinstance(said, int | float) or isinstance(said, bool):
        return None
    return float(said) if 0 <= said < _NO_TIME else None


def _agreed(header: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    algorithm = header.get("alg")
    offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
    if algorithm not in ALGORITHMS or algorithm not in offered:
        raise OAuthCallbackError(
            "The token is signed in a way that nobody agreed on.", reason="token"
        )
    return str(algorithm)
