"""The signed token, under a profile stricter than the library's.

A session token is a JWS in compact form (RFC 7515 section 7.1) with exactly the
header `alg`, `typ`, `kid` and a closed set of registered claims. PyJWT makes and
checks the signature; this module refuses beforehand what PyJWT lets through, so
that one call does all of it and nobody has to remember a second one (RFC 8725).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt

from . import strict_json
from .clock import Clock, system_clock
from .errors import TokenError, TokenExpired, TokenTooLarge
from .keys import Key, KeyRing
from .signing import KeyPair

TYPE: Final = "session+jwt"
MAX_TOKEN_BYTES: Final = 3072
LEEWAY: Final = 5
"""Seconds by which two clocks may differ."""

RESERVED: Final = frozenset({"iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "rev", "user"})
"""Claims that the profile itself defines; no callback can set them."""

_LONGEST_KID = 64
_LAST_SECOND = 2**53
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
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
    """Mints and verifies the tokens of one app."""

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
        self._keys = keys
        self._issuer = issuer
        self._max_age = max_age
        self._clock = clock

    def encode(self, claims: Claims) -> str:
        """Mint a token.

        Args:
            claims: What it shall say.

        Returns:
            The token in compact form.

        Raises:
            TokenTooLarge: If it is larger than 3 KiB.
        """
        key = self._keys.signer
        token = jwt.encode(
            self._payload(claims),
            key.private,
            key.algorithm,
            headers={"typ": TYPE, "kid": key.kid},
        )
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenTooLarge(
                f"The token would take {len(token)} bytes, and there is room for {MAX_TOKEN_BYTES}."
            )
        return token

    def decode(self, token: str) -> Claims:
        """Verify a token, completely.

        Args:
            token: The token in compact form.

        Returns:
            What it says.

        Raises:
            TokenExpired: If its time is over.
            TokenError: If it is anything but a token of this app; its `reason` says why.
        """
        key = self._key_of(_parts(token))
        payload = self._verified(token, key)
        self._check_shape(payload)
        return Claims(
            **{name: payload[name] for name in ("sub", "sid", "jti", "iat", "exp", "rev", "user")},
            extra={name: value for name, value in payload.items() if name not in RESERVED},
        )

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
        header, payload, _ = _parts(token)
        return {"header": _object(header), "claims": _object(payload), "size": len(token)}

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

    def _key_of(self, parts: list[bytes]) -> Key | KeyPair:
        header = _object(parts[0])
        if header.keys() != {"alg", "typ", "kid"}:
            raise TokenError(
                "The token's header must have alg, typ and kid, and nothing else.", reason="header"
            )
        kid = header["kid"]
        if not self._keys.takes(header["alg"]):
            raise TokenError("The token names another algorithm.", reason="algorithm")
        if header["typ"] != TYPE:
            raise TokenError("The token is of another kind.", reason="type")
        key = self._keys.find(kid) if isinstance(kid, str) and len(kid) <= _LONGEST_KID else None
        if key is None:
            raise TokenError(
                "The token was signed with a key that this app doesn't have.", reason="key"
            )
        if header["alg"] != key.algorithm:
            raise TokenError("The token names another key's algorithm.", reason="algorithm")
        return key

    def _verified(self, token: str, key: Key | KeyPair) -> dict[str, Any]:
        """Check the signature, and only then read the payload.

        PyJWT's own claim checks are switched off: it compares with the system's
        clock and takes numbers that `_check_shape` refuses.
        """
        try:
            signed = jwt.api_jws.decode_complete(token, key.public, algorithms=[key.algorithm])
        except jwt.InvalidTokenError as error:
            raise TokenError("The token's signature is wrong.", reason="signature") from error
        return _object(signed["payload"])

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
        self._check_times(payload)

    def _check_times(self, payload: Mapping[str, Any]) -> None:
        now = self._clock()
        if payload["exp"] + LEEWAY <= now:
            raise TokenExpired("The token's time is over.", reason="expired")
        if max(payload["nbf"], payload["iat"]) > now + LEEWAY:
            raise TokenError("The token is from the future.", reason="future")
        if not 0 <= payload["exp"] - payload["iat"] <= self._max_age + LEEWAY:
            raise TokenError("The token claims a longer life than this app gives.", reason="life")


def _parts(token: str) -> list[bytes]:
    if not isinstance(token, str) or len(token) > MAX_TOKEN_BYTES or not _COMPACT.fullmatch(token):
        raise TokenError("This is not a token.", reason="form")
    return [_canonical(part) for part in token.split(".")]


def _canonical(part: str) -> bytes:
    """Decode base64url that has exactly one spelling (RFC 4648 section 3.5)."""
    try:
        octets = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise TokenError("This is not a token.", reason="form") from error
    if base64.urlsafe_b64encode(octets).rstrip(b"=") != part.encode():
        raise TokenError("The token is not in its canonical form.", reason="form")
    return octets


def _object(octets: bytes) -> dict[str, Any]:
    try:
        value = strict_json.loads(octets)
    except ValueError as error:
        raise TokenError("The token is not JSON in UTF-8.", reason="json") from error
    if not isinstance(value, dict):
        raise TokenError("The token is not a JSON object.", reason="json")
    return value


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LAST_SECOND
