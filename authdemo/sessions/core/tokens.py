"""Tokens: signed JWTs (RFC 7519) with exact headers, and access tokens for other services."""

from __future__ import annotations

import binascii
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Final

import jwt

from . import strict_json
from .errors import ConfigurationError, TokenError, TokenExpired, TokenTooLarge
from .keys import Key, KeyPair, KeyRing, base64url_decode, base64url_encode
from .utils import Clock, new_id, system_clock

SESSION_TYPE: Final = "session+jwt"

_LONGEST_KID = 64
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class TokenSigner:
    """A key, ready to sign and to verify."""

    def __init__(self, key: Key | KeyPair) -> None:
        self.kid = key.kid
        self.algorithm = key.algorithm
        self.header = base64url_encode(
            strict_json.dumps({"alg": key.algorithm, "typ": SESSION_TYPE, "kid": key.kid})
        )
        self._algorithm = jwt.get_algorithm_by_name(key.algorithm)
        self._private = self._algorithm.prepare_key(key.private)
        self._public = self._algorithm.prepare_key(key.public)
        self._signature_length = len(base64url_encode(self._algorithm.sign(b"", self._private)))

    def sign(self, payload: Mapping[str, Any]) -> str:
        """Make a signed token."""
        signed = f"{self.header}.{base64url_encode(strict_json.dumps(payload))}"
        return f"{signed}.{base64url_encode(self._algorithm.sign(signed.encode(), self._private))}"

    def length(self, payload: Mapping[str, Any]) -> int:
        """Tell how long a token would be."""
        octets = len(strict_json.dumps(payload))
        return len(self.header) + (octets * 4 + 2) // 3 + self._signature_length + 2

    def verify(self, signed: str, signature: bytes) -> bool:
        """Tell whether a signature is this key's."""
        return self._algorithm.verify(signed.encode(), self._public, signature)


class TokenVerifier:
    """The keys that tokens of this profile are verified with."""

    def __init__(self, keys: Iterable[Key | KeyPair]) -> None:
        signets = [TokenSigner(key) for key in keys]
        self._by_kid = {signet.kid: signet for signet in signets}
        self._by_header = {signet.header: signet for signet in signets}
        self._algorithms = {signet.algorithm for signet in signets}

    def verified(self, token: str) -> dict[str, Any]:
        """Check a token's form, header and signature, and only then read its payload."""
        header, payload, signature = split(token)
        signet = self._by_header.get(header) or self._named_in(header)
        octets = canonical(payload)
        if not signet.verify(f"{header}.{payload}", canonical(signature)):
            raise TokenError("The token's signature is wrong.", reason="signature")
        return read(octets)

    def _named_in(self, segment: str) -> TokenSigner:
        """Find the key by a header that is spelled in another way than ours."""
        header = read(canonical(segment))
        if header.keys() != {"alg", "typ", "kid"}:
            raise TokenError(
                "The token's header must have alg, typ and kid, and nothing else.", reason="header"
            )
        kid, algorithm = header["kid"], header["alg"]
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise TokenError("The token names another algorithm.", reason="algorithm")
        if header["typ"] != SESSION_TYPE:
            raise TokenError("The token is of another kind.", reason="type")
        is_name = isinstance(kid, str) and len(kid) <= _LONGEST_KID
        signet = self._by_kid.get(kid) if is_name else None
        if signet is None:
            raise TokenError(
                "The token was signed with a key that this app doesn't have.", reason="key"
            )
        if algorithm != signet.algorithm:
            raise TokenError("The token names another key's algorithm.", reason="algorithm")
        return signet


def split(token: str) -> list[str]:
    """Part a token into header, payload and signature."""
    if not _COMPACT.fullmatch(token):
        raise TokenError("This is not a token.", reason="form")
    return token.split(".")


def canonical(segment: str) -> bytes:
    """Decode base64url that has exactly one spelling (RFC 4648 section 3.5)."""
    try:
        octets = base64url_decode(segment)
    except binascii.Error as error:
        raise TokenError("This is not a token.", reason="form") from error
    if base64url_encode(octets) != segment:
        raise TokenError("The token is not in its canonical form.", reason="form")
    return octets


def read(octets: bytes) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        value = strict_json.loads(octets)
    except ValueError as error:
        raise TokenError("The token is not JSON in UTF-8.", reason="json") from error
    if not isinstance(value, dict):
        raise TokenError("The token is not a JSON object.", reason="json")
    return value


MAX_TOKEN_BYTES: Final = 3072
LEEWAY: Final = 5
"""Seconds by which two clocks may differ."""

MAX_STEP_BACK: Final = 300
"""Seconds by which a clock may step back, or be behind another worker's.

A token seems to be from the future then. Its record says whether its session is alive.
"""

SESSION_CLAIMS: Final = frozenset(
    {"iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "rev", "user"}
)
"""Claims that the profile itself defines; no callback can set them."""

_LAST_SECOND = 2**53
_MOST_PROVED = 16_384
_TEXTS = ("iss", "aud", "sub", "sid", "jti")
_SECONDS = ("iat", "nbf", "exp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says.

    See RFC 7519 section 4.1.2.
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
        self.max_age = max_age
        self._signer = TokenSigner(keys.signer)
        self._signets = TokenVerifier(keys.all)
        self._issuer = issuer
        self._clock = clock
        self._proved: OrderedDict[str, tuple[Claims, int]] = OrderedDict()
        self._newest: dict[str, str] = {}

    def encode(self, claims: Claims) -> str:
        """Mint a token."""
        token = self._signer.sign(self._payload(claims))
        _check_length(len(token))
        self._remember(token, claims, claims.iat)
        return token

    def check_size(self, claims: Claims) -> None:
        """Check that a token would not be too large, without minting it."""
        _check_length(self._signer.length(self._payload(claims)))

    def decode(self, token: str) -> Claims:
        """Verify a token, completely.

        What a token says never changes, so it is proved once, or never if it was minted here.
        Whether its time has come, and is not over, is asked every time.
        """
        if not isinstance(token, str) or len(token) > MAX_TOKEN_BYTES:
            raise TokenError("This is not a token.", reason="form")
        claims, begins = self._proved.get(token) or self._prove(token)
        self._check_times(claims, begins)
        return claims

    def describe(self, token: str) -> dict[str, Any]:
        """Take a token apart for people to read, without the part that makes it a credential."""
        self.decode(token)
        header, payload, _ = map(canonical, split(token))
        return {"header": read(header), "claims": read(payload), "size": len(token)}

    def _prove(self, token: str) -> tuple[Claims, int]:
        """Check everything but the time; tell what the token says, and when it begins."""
        payload = self._signets.verified(token)
        self._check_shape(payload)
        claims = Claims(
            **{name: payload[name] for name in ("sub", "sid", "jti", "iat", "exp", "rev", "user")},
            extra={name: value for name, value in payload.items() if name not in SESSION_CLAIMS},
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
        if not payload.keys() >= SESSION_CLAIMS:
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
            raise TokenExpired("The token has expired.", reason="expired")
        if begins > now + MAX_STEP_BACK:
            raise TokenError("The token was issued in the future.", reason="future")
        if not 0 <= claims.exp - claims.iat <= self.max_age + LEEWAY:
            raise TokenError("The token is valid for longer than this app allows.", reason="life")


def _check_length(length: int) -> None:
    if length > MAX_TOKEN_BYTES:
        raise TokenTooLarge(
            f"The token would take {length} bytes, and there is room for {MAX_TOKEN_BYTES}."
        )


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LAST_SECOND


ACCESS_TYPE: Final = "at+jwt"
ACCESS_CLAIMS: Final = frozenset({"iss", "aud", "sub", "client_id", "iat", "nbf", "exp", "jti"})


@dataclass(frozen=True, eq=False)
class AccessTokens:
    """Makes tokens for other services."""

    keys: KeyRing
    _: KW_ONLY
    issuer: str
    client: str
    clock: Clock

    def issue_token(
        self, user_id: str, *, audience: str, max_age: int, claims: dict[str, Any] | None = None
    ) -> str:
        """Make a token."""
        pair = self.keys.newest_pair
        if pair is None:
            raise ConfigurationError(
                "Tokens for others need a key in AUTH_SIGNING_KEYS: "
                "AUTH_SECRET can't be shown to them."
            )
        taken = sorted(ACCESS_CLAIMS & (claims or {}).keys())
        if taken or not audience or max_age <= 0:
            raise ConfigurationError(
                "A token for others needs an audience and a life, and claims of its own may "
                f"have any name but {', '.join(sorted(ACCESS_CLAIMS))}."
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
