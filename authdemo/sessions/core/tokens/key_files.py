"""Private keys from files: what signs so that others, too, can verify.

A key's file decides which algorithm it is used with, and nothing that a token says
(RFC 8725 section 3.1): Ed25519 makes `EdDSA`, P-256 `ES256` and RSA `RS256`.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from ..errors import ConfigurationError
from .compact import base64url

LEAST_RSA_BITS = 2048
"""RFC 7518 section 3.3."""

_TAKES = "AUTH_SIGNING_KEYS takes files with private keys in PEM, separated by commas"
_IDENTITY = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
"""The members of a JWK that its thumbprint is made of (RFC 7638 section 3.2)."""

PrivateKey: TypeAlias = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key, and what everybody may know of it.

    Attributes:
        algorithm: The one algorithm that it is used with (RFC 7518 section 3.1).
        kid: Its thumbprint (RFC 7638).
        private: What signs.
        public: What verifies.
        jwk: The public key as JSON (RFC 7517 section 4).
    """

    algorithm: str
    kid: str
    private: Any = field(repr=False)
    public: Any = field(repr=False)
    jwk: Mapping[str, str]


def read_pair(path: Path) -> KeyPair:
    """Read a private key.

    Args:
        path: Its file.

    Returns:
        The key with its public half.

    Raises:
        ConfigurationError: If the file can't be used; says why, and nothing of what is in it.
    """
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
    """Make a pair of a private key.

    Args:
        private: The private key.
        name: What to call it in an error.

    Returns:
        The key with its public half.

    Raises:
        ConfigurationError: If it is of another kind than those that are taken.
    """
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
    return base64url(hashlib.sha256(canonical.encode()).digest())
