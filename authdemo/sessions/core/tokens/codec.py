"""The signed token, under a profile stricter than the library's.

A session token is a JWS in compact form (RFC 7515 section 7.1) with exactly the
header `alg`, `typ`, `kid` and a closed set of registered claims. PyJWT's algorithms
make and check the signature; what PyJWT would let through beside it is refused, so
that one call does all of it and nobody has to remember a second one (RFC 8725).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..basics.clock import Clock, system_clock
from ..errors import TokenError, TokenExpired, TokenTooLarge
from . import jws
from .keys import KeyRing

MAX_TOKEN_BYTES: Final = 3072
LEEWAY: Final = 5
"""Seconds by which two clocks may differ."""

MAX_STEP_BACK: Final = 300
"""Seconds by which a clock may step back, or be behind another worker's.

A token seems to be from the future then. Its record says whether its session is alive.
"""

RESERVED: Final = frozenset({"iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "rev", "user"})
"""Claims that the profile itself defines; no callback can set them."""

_LAST_SECOND = 2**53
_MOST_PROVED = 16_384
_TEXTS = ("iss", "aud", "sub", "sid", "jti")
_SECONDS = ("iat", "nbf", "exp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says.

    Attributes:
        sub: The user's id (RFC 7519 section 4.1.2).
        sid: The session's id.
        jti: This very token's id.
        iat: When it was minted, in seconds since 1970.
        exp: When it ends, in seconds since 1970.
        rev: The revision of the session that it shows.
        user: The user at that revision.
        extra: The claims that the app's `jwt` callback added.
    """

    sub: str
    sid: str
    jti: str
    iat: int
    exp: int
    rev: int
    user: Mapping[str, Any]
    extra: Mapping[str, Any] = field(default_factory=dict)


class TokenCodec:
    """Mints and verifies the tokens of one app.

    Attributes:
        max_age: The longest life of a token, in seconds.
    """

    def __init__(
        self, keys: KeyRing, *, issuer: str, max_age: int, clock: Clock = system_clock
    ) -> None:
        """Make a codec.

        Args:
            keys: The key ring.
            issuer: The app's name, both `iss` and `aud`: the app talks to itself.
            max_age: The longest life of a token, in seconds.
            clock: The clock.
        """
        self.max_age = max_age
        self._signer = jws.Signet(keys.signer)
        self._signets = jws.Signets(keys.all)
        self._issuer = issuer
        self._clock = clock
        self._proved: OrderedDict[str, tuple[Claims, int]] = OrderedDict()
        self._newest: dict[str, str] = {}

    def encode(self, claims: Claims) -> str:
        """Mint a token.

        Args:
            claims: What it shall say.

        Returns:
            The token in compact form.

        Raises:
            TokenTooLarge: If it is larger than 3 KiB.
        """
        token = self._signer.sign(self._payload(claims))
        _check_length(len(token))
        self._remember(token, claims, claims.iat)
        return token

    def check_size(self, claims: Claims) -> None:
        """Check that a token would not be too large, without minting it.

        Args:
            claims: What it would say.

        Raises:
            TokenTooLarge: If it would be larger than 3 KiB.
        """
        _check_length(self._signer.length(self._payload(claims)))

    def decode(self, token: str) -> Claims:
        """Verify a token, completely.

        What a token says never changes, so it is proved once, or never if it was minted here.
        Whether its time has come, and is not over, is asked every time.

        Args:
            token: The token in compact form.

        Returns:
            What it says.

        Raises:
            TokenExpired: If its time is over.
            TokenError: If it is anything but a token of this app; its `reason` says why.
        """
        if not isinstance(token, str) or len(token) > MAX_TOKEN_BYTES:
            raise TokenError("This is not a token.", reason="form")
        claims, begins = self._proved.get(token) or self._prove(token)
        self._check_times(claims, begins)
        return claims

    def describe(self, token: str) -> dict[str, Any]:
        """Take a token apart for people to read, without the part that makes it a credential.

        Args:
            token: The token in compact form.

        Returns:
            Its `header`, `claims` and `size` in bytes.

        Raises:
            TokenError: If it is anything but a token of this app.
        """
        self.decode(token)
        header, payload, _ = map(jws.canonical, jws.split(token))
        return {"header": jws.read(header), "claims": jws.read(payload), "size": len(token)}

    def _prove(self, token: str) -> tuple[Claims, int]:
        """Check everything but the time; tell what the token says, and when it begins."""
        payload = self._signets.verified(token)
        self._check_shape(payload)
        claims = Claims(
            **{name: payload[name] for name in ("sub", "sid", "jti", "iat", "exp", "rev", "user")},
            extra={name: value for name, value in payload.items() if name not in RESERVED},
        )
        return self._remember(token, claims, max(payload["nbf"], payload["iat"]))

    def _remember(self, token: str, claims: Claims, begins: int) -> tuple[Claims, int]:
        """Remember one token of each session; the one that was proved longest ago makes room."""
        self._proved.pop(self._newest.get(claims.sid, ""), None)
        self._newest[claims.sid] = token
        proved = self._proved[token] = (claims, begins)
        if len(self._proved) > _MOST_PROVED:
            _, (oldest, _) = self._proved.popitem(last=False)
            del self._newest[oldest.sid]
        return proved

    def _payload(self, claims: Claims) -> dict[str, Any]:
        return {
            **claims.extra,
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": claims.sub,
            "sid": claims.sid,
            "jti": claims.jti,
            "iat": claims.iat,
            "nbf": claims.iat,
            "exp": claims.exp,
            "rev": claims.rev,
            "user": dict(claims.user),
        }

    def _check_shape(self, payload: Mapping[str, Any]) -> None:
        if not payload.keys() >= RESERVED:
            raise TokenError("The token lacks a claim.", reason="claims")
        if not all(isinstance(payload[name], str) and payload[name] for name in _TEXTS):
            raise TokenError("A claim of the token should be text and is not.", reason="claims")
        if not all(_is_count(payload[name]) for name in (*_SECONDS, "rev")):
            raise TokenError(
                "A claim of the token should be a whole number and is not.", reason="claims"
            )
        if not isinstance(payload["user"], dict):
            raise TokenError("The token's user is not an object.", reason="claims")
        if payload["iss"] != self._issuer or payload["aud"] != self._issuer:
            raise TokenError("The token was made by or for another app.", reason="app")

    def _check_times(self, claims: Claims, begins: int) -> None:
        now = self._clock()
        if claims.exp + LEEWAY <= now:
            raise TokenExpired("The token's time is over.", reason="expired")
        if begins > now + MAX_STEP_BACK:
            raise TokenError("The token is from the future.", reason="future")
        if not 0 <= claims.exp - claims.iat <= self.max_age + LEEWAY:
            raise TokenError("The token claims a longer life than this app gives.", reason="life")


def _check_length(length: int) -> None:
    if length > MAX_TOKEN_BYTES:
        raise TokenTooLarge(
            f"The token would take {length} bytes, and there is room for {MAX_TOKEN_BYTES}."
        )


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LAST_SECOND
