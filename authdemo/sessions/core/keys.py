"""Signing keys, from the secret or from key files, and their JWKs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.utils import is_pem_format, is_ssh_key

from .errors import ConfigurationError


def base64url_encode(octets: bytes) -> str:
    """Encode without padding (RFC 7515 section 2)."""
    encoded = base64.b64encode(octets).rstrip(b"=")
    return encoded.replace(b"+", b"-").replace(b"/", b"_").decode()


def base64url_decode(segment: str) -> bytes:
    """Decode a segment, however it is spelled."""
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def signature(signed: bytes, private: Any, algorithm: str) -> str:
    """Sign anything, with any key; what a good token looks like is decided in `jws`.

    See RFC 7518 section 3.1.
    """
    return base64url_encode(jwt.get_algorithm_by_name(algorithm).sign(signed, private))


LEAST_RSA_BITS = 2048
"""RFC 7518 section 3.3."""

_TAKES = "AUTH_SIGNING_KEYS takes files with private keys in PEM, separated by commas"
_IDENTITY = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
"""The members of a JWK that its thumbprint is made of (RFC 7638 section 3.2)."""

PrivateKey: TypeAlias = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key, and what everybody may know of it.

    See RFC 7518 section 3.1; RFC 7638; RFC 7517 section 4.
    """

    algorithm: str
    kid: str
    private: Any = field(repr=False)
    public: Any = field(repr=False)
    jwk: Mapping[str, str]


def read_pair(path: Path) -> KeyPair:
    """Read a private key."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & stat.S_IROTH:
            raise ConfigurationError(
                f"AUTH_SIGNING_KEYS: everybody may read {path}. Say: chmod 600 {path}"
            )
        pem = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{_TAKES}: {error}.") from error
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(f"{_TAKES} and without a password; {path} is none.") from error
    return pair_of(private, str(path))


def pair_of(private: object, name: str) -> KeyPair:
    """Make a pair of a private key."""
    algorithm = _algorithm(private)
    if algorithm is None or not isinstance(private, PrivateKey):
        raise ConfigurationError(
            "AUTH_SIGNING_KEYS takes keys of Ed25519, P-256, or RSA with at least "
            f"{LEAST_RSA_BITS} bits; {name} is another."
        )
    public = private.public_key()
    jwk = _public_jwk(public, algorithm)
    kid = _thumbprint(jwk)
    return KeyPair(
        algorithm=algorithm,
        kid=kid,
        private=private,
        public=public,
        jwk={**jwk, "kid": kid, "use": "sig", "alg": algorithm},
    )


def _algorithm(private: object) -> str | None:
    match private:
        case Ed25519PrivateKey():
            return "EdDSA"
        case EllipticCurvePrivateKey() if isinstance(private.curve, SECP256R1):
            return "ES256"
        case RSAPrivateKey() if private.key_size >= LEAST_RSA_BITS:
            return "RS256"
    return None


def _public_jwk(public: Any, algorithm: str) -> dict[str, str]:
    """Take the members that make the key, and none that could be private."""
    kinds: dict[str, Any] = {"EdDSA": OKPAlgorithm, "ES256": ECAlgorithm, "RS256": RSAAlgorithm}
    jwk: dict[str, str] = kinds[algorithm].to_jwk(public, as_dict=True)
    return {name: jwk[name] for name in _IDENTITY[jwk["kty"]]}


def _thumbprint(jwk: Mapping[str, str]) -> str:
    canonical = json.dumps(dict(sorted(jwk.items())), separators=(",", ":"))
    return base64url_encode(hashlib.sha256(canonical.encode()).digest())


MIN_SECRET_BYTES = 32
"""An HS256 key must be as long as its hash (RFC 7518 section 3.2)."""

_KID_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Key:
    """One secret and its public name.

    See RFC 7515 section 4.1.4.
    """

    secret: bytes = field(repr=False)
    kid: str = field(init=False)
    _keyed: hmac.HMAC = field(init=False, repr=False, compare=False)
    algorithm: ClassVar[str] = "HS256"

    @property
    def private(self) -> bytes:
        """What signs."""
        return self.secret

    @property
    def public(self) -> bytes:
        """What verifies: of a secret, the same."""
        return self.secret

    def __post_init__(self) -> None:
        """Name the key, and make it ready."""
        object.__setattr__(self, "_keyed", hmac.new(self.secret, digestmod="sha256"))
        object.__setattr__(self, "kid", self.mac("kid", "")[:_KID_DIGITS])

    def mac(self, purpose: str, text: str) -> str:
        """Authenticate a text for one purpose only."""
        mac = self._keyed.copy()
        mac.update(f"authdemo.sessions {purpose}\0{text}".encode())
        return mac.hexdigest()


class KeyRing:
    """The keys in use: the first signs, all verify.

    To rotate, put a new key in front, and drop the old one when the longest
    session that it signed is over. Where there are pairs they sign the tokens; the
    secrets go on to verify those that they signed, and to make the MACs.
    """

    def __init__(self, secrets: Iterable[str], pairs: Iterable[KeyPair] = ()) -> None:
        self._keys = tuple(Key(_strong(secret)) for secret in secrets)
        if not self._keys:
            raise ConfigurationError("AUTH_SECRET needs at least one secret.")
        self._pairs = tuple(pairs)

    @property
    def signing(self) -> Key:
        """The secret that makes the MACs."""
        return self._keys[0]

    @property
    def newest_pair(self) -> KeyPair | None:
        """The pair that signs, or None if only secrets do."""
        return self._pairs[0] if self._pairs else None

    @property
    def signer(self) -> Key | KeyPair:
        """The key that signs the tokens."""
        return self.newest_pair or self.signing

    @property
    def all(self) -> tuple[Key | KeyPair, ...]:
        """Every key that verifies."""
        return (*self._keys, *self._pairs)

    @property
    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JWK Set (RFC 7517 section 5)."""
        return {"keys": [dict(pair.jwk) for pair in self._pairs]}

    def mac(self, purpose: str, text: str) -> str:
        """Authenticate a text with the key that signs; see `Key.mac`."""
        return self.signing.mac(purpose, text)

    def verify(self, purpose: str, text: str, mac: str) -> bool:
        """Check a MAC against every key, in constant time for each."""
        given = mac.encode("utf-8", "replace")
        matches = [
            hmac.compare_digest(key.mac(purpose, text).encode(), given) for key in self._keys
        ]
        return any(matches)


def _strong(secret: str) -> bytes:
    octets = secret.encode("utf-8", "surrogateescape")
    if len(octets) < MIN_SECRET_BYTES:
        raise ConfigurationError(
            f"AUTH_SECRET holds a secret of {len(octets)} bytes, "
            f"and each needs at least {MIN_SECRET_BYTES}. "
            "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    if is_pem_format(octets) or is_ssh_key(octets):
        raise ConfigurationError(
            "AUTH_SECRET holds a key of another algorithm; it takes random text."
        )
    return octets
