"""Tokens: signed JWTs (RFC 7519) with exact headers, and access tokens for other services."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Final, NamedTuple

import jwt

from .errors import ConfigurationError, TokenError, TokenTooLarge
from .keys import Key, KeyPair, KeyRing
from .record import SessionRecord
from .utils import Clock, new_id, parse_json, system_clock, write_json

SESSION_TYPE: Final = "session+jwt"

_MAX_KID = 64
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def base64url_encode(data: bytes) -> str:
    """Encode without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def base64url_decode(segment: str) -> bytes:
    """Decode a segment, canonical or not."""
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


class _Signer:
    # A key, ready to sign and to verify.
    def __init__(self, key: Key | KeyPair) -> None:
        self.kid, self.algorithm = key.kid, key.algorithm
        header = {"alg": key.algorithm, "typ": SESSION_TYPE, "kid": key.kid}
        self.header = base64url_encode(write_json(header))
        self._algorithm = jwt.get_algorithm_by_name(key.algorithm)
        self._private = self._algorithm.prepare_key(key.private)
        self._public = self._algorithm.prepare_key(key.public)

    def sign(self, payload: Mapping[str, Any]) -> str:
        signed = f"{self.header}.{base64url_encode(write_json(payload))}"
        return f"{signed}.{base64url_encode(self._algorithm.sign(signed.encode(), self._private))}"

    def verify(self, signed: str, signature: bytes) -> bool:
        return self._algorithm.verify(signed.encode(), self._public, signature)


def split(token: str) -> list[str]:
    if not _COMPACT.fullmatch(token):
        raise TokenError("This is not a token.", reason="form")
    return token.split(".")


def canonical(segment: str) -> bytes:
    """Decode a segment in the one canonical encoding (RFC 4648 section 3.5)."""
    try:
        data = base64url_decode(segment)
    except binascii.Error as error:
        raise TokenError("This is not a token.", reason="form") from error
    if base64url_encode(data) != segment:
        raise TokenError("The token is not in its canonical form.", reason="form")
    return data


def read(data: bytes) -> dict[str, Any]:
    try:
        value = parse_json(data)
    except ValueError as error:
        raise TokenError("The token is not JSON in UTF-8.", reason="json") from error
    if not isinstance(value, dict):
        raise TokenError("The token is not a JSON object.", reason="json")
    return value


MAX_TOKEN_BYTES: Final = 3072
LEEWAY: Final = 5
"""Seconds by which two clocks may differ."""

MAX_STEP_BACK: Final = 300
"""Seconds by which a clock may step back, or be behind another worker's: a token seems to be from
the future then, but its record decides."""

SESSION_CLAIMS: Final = frozenset(
    {"iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "rev", "user", "amr", "level"}
)
"""Claims that no callback can set."""

_MAX_NUMBER = 2**53
_MAX_VERIFIED = 16_384
_TEXTS = ("iss", "aud", "sub", "sid", "jti")
_PASSED = ("sub", "sid", "jti", "iat", "exp", "rev", "user", "level")
_NUMBERS = ("iat", "nbf", "exp", "rev", "level")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The claims of a session token (RFC 7519 section 4)."""

    sub: str
    sid: str
    jti: str
    iat: int
    exp: int
    rev: int
    user: Mapping[str, Any]
    amr: tuple[str, ...] = ()
    level: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)


class Verified(NamedTuple):
    """A valid token, and its active session."""

    token: str
    claims: Claims
    record: SessionRecord


@dataclass(eq=False)
class TokenCodec:
    """Signs and verifies the session tokens of an app."""

    keys: KeyRing
    _: KW_ONLY
    issuer: str
    max_age: int
    clock: Clock = system_clock
    _verified: OrderedDict[str, tuple[Claims, int]] = field(default_factory=OrderedDict, init=False)
    _newest: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        signers = [_Signer(key) for key in self.keys.all]
        self._by_kid = {signer.kid: signer for signer in signers}
        self._by_header = {signer.header: signer for signer in signers}
        self._signer = self._by_kid[self.keys.signer.kid]

    def encode(self, claims: Claims) -> str:
        token = self._signer.sign(self._payload(claims))
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenTooLarge(
                f"The token has {len(token)} bytes; at most {MAX_TOKEN_BYTES} are allowed."
            )
        self._remember(token, claims, claims.iat)
        return token

    def decode(self, token: str) -> Claims:
        """Verify a token completely.

        All but its times is verified once, or never if it was signed here.
        """
        if not isinstance(token, str) or len(token) > MAX_TOKEN_BYTES:
            raise TokenError("This is not a token.", reason="form")
        claims, begins = self._verified.get(token) or self._verify(token)
        self._check_times(claims, begins)
        return claims

    def describe(self, token: str) -> dict[str, Any]:
        """Describe a valid token for people to read, without its signature."""
        self.decode(token)
        header, payload, _ = map(canonical, split(token))
        return {"header": read(header), "claims": read(payload), "size": len(token)}

    def _verify(self, token: str) -> tuple[Claims, int]:
        header, segment, signature = split(token)
        signer = self._by_header.get(header) or self._find_signer(header)
        data = canonical(segment)
        if not signer.verify(f"{header}.{segment}", canonical(signature)):
            raise TokenError("The token's signature is wrong.", reason="signature")
        payload = read(data)
        self._check_shape(payload)
        claims = Claims(
            **{name: payload[name] for name in _PASSED},
            amr=tuple(payload["amr"]),
            extra={name: value for name, value in payload.items() if name not in SESSION_CLAIMS},
        )
        return self._remember(token, claims, max(payload["nbf"], payload["iat"]))

    def _find_signer(self, segment: str) -> _Signer:
        """Find the key of a header that isn't byte for byte ours."""
        header = read(canonical(segment))
        if header.keys() != {"alg", "typ", "kid"}:
            raise TokenError("The token's header must have alg, typ and kid only.", reason="header")
        kid, algorithm = header["kid"], header["alg"]
        if algorithm not in [signer.algorithm for signer in self._by_kid.values()]:
            raise TokenError("The token names another algorithm.", reason="algorithm")
        if header["typ"] != SESSION_TYPE:
            raise TokenError("The token has another type.", reason="type")
        is_kid = isinstance(kid, str) and len(kid) <= _MAX_KID
        signer = self._by_kid.get(kid) if is_kid else None
        if signer is None:
            raise TokenError("The token was signed with an unknown key.", reason="key")
        if algorithm != signer.algorithm:
            raise TokenError("The token names another key's algorithm.", reason="algorithm")
        return signer

    def _remember(self, token: str, claims: Claims, begins: int) -> tuple[Claims, int]:
        """Cache one token of each session, and drop the oldest if there are too many."""
        self._verified.pop(self._newest.get(claims.sid, ""), None)
        self._newest[claims.sid] = token
        verified = self._verified[token] = (claims, begins)
        if len(self._verified) > _MAX_VERIFIED:
            _, (oldest, _) = self._verified.popitem(last=False)
            del self._newest[oldest.sid]
        return verified

    def _payload(self, claims: Claims) -> dict[str, Any]:
        return {
            **claims.extra,
            "iss": self.issuer,
            "aud": self.issuer,
            "sub": claims.sub,
            "sid": claims.sid,
            "jti": claims.jti,
            "iat": claims.iat,
            "nbf": claims.iat,
            "exp": claims.exp,
            "rev": claims.rev,
            "user": dict(claims.user),
            "amr": list(claims.amr),
            "level": claims.level,
        }

    def _check_shape(self, payload: Mapping[str, Any]) -> None:
        if not payload.keys() >= SESSION_CLAIMS:
            raise TokenError("The token lacks a claim.", reason="claims")
        if not all(isinstance(payload[name], str) and payload[name] for name in _TEXTS):
            raise TokenError("A claim of the token must be text.", reason="claims")
        if not all(_is_count(payload[name]) for name in _NUMBERS):
            raise TokenError("A claim of the token must be a whole number.", reason="claims")
        if not isinstance(payload["user"], dict) or not _is_list_of_text(payload["amr"]):
            raise TokenError("The token's user must be an object, its amr a list.", reason="claims")
        if payload["iss"] != self.issuer or payload["aud"] != self.issuer:
            raise TokenError("The token was issued by or for another app.", reason="app")

    def _check_times(self, claims: Claims, begins: int) -> None:
        now = self.clock()
        if claims.exp + LEEWAY <= now:
            raise TokenError("The token has expired.", reason="expired")
        if begins > now + MAX_STEP_BACK:
            raise TokenError("The token was issued in the future.", reason="future")
        if not 0 <= claims.exp - claims.iat <= self.max_age + LEEWAY:
            raise TokenError("The token is valid for longer than this app allows.", reason="life")


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MAX_NUMBER


ACCESS_TYPE: Final = "at+jwt"
ACCESS_CLAIMS: Final = frozenset({"iss", "aud", "sub", "client_id", "iat", "nbf", "exp", "jti"})


@dataclass(frozen=True, eq=False)
class AccessTokens:
    """Issues tokens for other services (RFC 9068)."""

    keys: KeyRing
    _: KW_ONLY
    issuer: str
    client: str
    clock: Clock

    def issue_token(
        self, user_id: str, *, audience: str, max_age: int, claims: dict[str, Any] | None = None
    ) -> str:
        pair = self.keys.newest_pair
        if pair is None:
            raise ConfigurationError(
                "Access tokens need a key in AUTH_SIGNING_KEYS: AUTH_SECRET must stay secret."
            )
        taken = sorted(ACCESS_CLAIMS & (claims or {}).keys())
        if taken or not audience or max_age <= 0:
            raise ConfigurationError(
                "An access token needs an audience and a maximum age, and its own claims may have "
                f"any name but {', '.join(sorted(ACCESS_CLAIMS))}."
            )
        now = int(self.clock())
        payload = {
            **(claims or {}),
            "iss": self.issuer,
            "aud": audience,
            "sub": user_id,
            "client_id": self.client,
            "iat": now,
            "nbf": now,
            "exp": now + max_age,
            "jti": new_id(),
        }
        headers = {"typ": ACCESS_TYPE, "kid": pair.kid}
        return jwt.encode(payload, pair.private, pair.algorithm, headers=headers)
