"""Signing keys, from the secret or from key files, and their JWKs."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import jwt
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.utils import base64url_decode, base64url_encode, is_pem_format, is_ssh_key

from .errors import ConfigurationError

MIN_RSA_BITS = 2048
"""RFC 7518 section 3.3."""

_TAKES = "AUTH_SIGNING_KEYS takes files with private keys in PEM, separated by commas"
_IDENTITY = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
"""The members of a JWK that its thumbprint is made of (RFC 7638 section 3.2)."""

PrivateKey: TypeAlias = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key, its public key and its JWK (RFC 7517 section 4)."""

    algorithm: str
    kid: str
    private: Any = field(repr=False)
    public: Any = field(repr=False)
    jwk: Mapping[str, str]


def read_pair(path: Path) -> KeyPair:
    try:
        if stat.S_IMODE(path.stat().st_mode) & stat.S_IROTH:
            raise ConfigurationError(
                f"AUTH_SIGNING_KEYS: all users may read {path}. Run: chmod 600 {path}"
            )
        pem = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{_TAKES}: {error}.") from error
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(f"{_TAKES} and without a password; {path} isn't one.") from error
    return pair_of(private, str(path))


def pair_of(private: object, name: str) -> KeyPair:
    """Make a key pair; `name` says where the private key is from."""
    algorithm = _algorithm(private)
    if algorithm is None or not isinstance(private, PrivateKey):
        raise ConfigurationError(
            f"AUTH_SIGNING_KEYS takes keys of Ed25519, P-256, or RSA with at least {MIN_RSA_BITS} "
            f"bits; {name} is another."
        )
    public = private.public_key()
    jwk = jwt.get_algorithm_by_name(algorithm).to_jwk(public, as_dict=True)
    members = {name: jwk[name] for name in _IDENTITY[jwk["kty"]]}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    kid = base64url_encode(hashlib.sha256(text.encode()).digest()).decode()
    published = {**members, "kid": kid, "use": "sig", "alg": algorithm}
    return KeyPair(algorithm, kid, private, public, published)


def _algorithm(private: object) -> str | None:
    match private:
        case Ed25519PrivateKey():
            return "EdDSA"
        case EllipticCurvePrivateKey() if isinstance(private.curve, SECP256R1):
            return "ES256"
        case RSAPrivateKey() if private.key_size >= MIN_RSA_BITS:
            return "RS256"
    return None


MIN_SECRET_BYTES = 32
"""An HS256 key must be as long as its hash (RFC 7518 section 3.2)."""

_KID_DIGITS = 16
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Key:
    """A secret and its public id (RFC 7515 section 4.1.4)."""

    secret: bytes = field(repr=False)
    kid: str = field(init=False)
    _keyed: hmac.HMAC = field(init=False, repr=False, compare=False)
    algorithm: ClassVar[str] = "HS256"

    private = public = property(attrgetter("secret"))

    def __post_init__(self) -> None:
        object.__setattr__(self, "_keyed", hmac.new(self.secret, digestmod="sha256"))
        object.__setattr__(self, "kid", self.mac("kid", "")[:_KID_DIGITS])

    def mac(self, purpose: str, text: str) -> str:
        """Make a MAC of a text for one purpose."""
        mac = self._keyed.copy()
        mac.update(f"authdemo.sessions {purpose}\0{text}".encode())
        return mac.hexdigest()

    def derive(self, purpose: str) -> bytes:
        """Derive a key for one purpose (RFC 5869)."""
        info = f"authdemo.sessions {purpose}".encode()
        return HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(self.secret)


class KeyRing:
    """The keys in use: the first signs and encrypts, all verify and decrypt.

    To rotate, put a new key first, and remove the old one after the maximum age of a session.
    If there are key pairs, they sign the tokens; the secrets still verify theirs, and sign MACs.
    """

    def __init__(self, secrets: Iterable[str], pairs: Iterable[KeyPair] = ()) -> None:
        self._keys = tuple(Key(_strong(secret)) for secret in secrets)
        if not self._keys:
            raise ConfigurationError("AUTH_SECRET needs at least one secret.")
        self._pairs = tuple(pairs)

    @property
    def signing(self) -> Key:
        """The secret that signs MACs."""
        return self._keys[0]

    @property
    def newest_pair(self) -> KeyPair | None:
        """The key pair that signs, if there is one."""
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

    def derive(self, purpose: str) -> list[bytes]:
        """Derive a key for one purpose from each secret; the first signs."""
        return [key.derive(purpose) for key in self._keys]

    def mac(self, purpose: str, text: str) -> str:
        """Make a MAC with the first secret; see `Key.mac`."""
        return self.signing.mac(purpose, text)

    def verify(self, purpose: str, text: str, mac: str) -> bool:
        """Check a MAC against every key, in constant time for each."""
        given = mac.encode("utf-8", "replace")
        macs = (key.mac(purpose, text).encode() for key in self._keys)
        return sum(hmac.compare_digest(each, given) for each in macs) > 0

    def encrypt(self, purpose: str, data: bytes, context: str) -> str:
        """Encrypt with the first secret; only the same purpose and context decrypt."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = AESGCM(self.signing.derive(purpose))
        sealed = cipher.encrypt(nonce, data, context.encode())
        return base64url_encode(nonce + sealed).decode()

    def decrypt(self, purpose: str, text: str, context: str) -> bytes | None:
        """Decrypt with any secret; None if none fits."""
        for key in self._keys:
            with suppress(InvalidTag, ValueError):
                data = base64url_decode(text)
                nonce, sealed = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
                return AESGCM(key.derive(purpose)).decrypt(nonce, sealed, context.encode())
        return None


def _strong(secret: str) -> bytes:
    data = secret.encode("utf-8", "surrogateescape")
    if len(data) < MIN_SECRET_BYTES:
        raise ConfigurationError(
            f"AUTH_SECRET has a secret of {len(data)} bytes; use at least {MIN_SECRET_BYTES}. "
            "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    if is_pem_format(data) or is_ssh_key(data):
        raise ConfigurationError(
            "AUTH_SECRET has a key of another algorithm; it takes random text."
        )
    return data
