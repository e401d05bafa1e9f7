"""Keys of somebody else, of the same kind as the app's, so that only the key is wrong."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as make_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as make_rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authdemo.sessions.core.keys import (
    MIN_RSA_BITS,
    MIN_SECRET_BYTES,
    Key,
    KeyPair,
    base64url_encode,
    pair_of,
)

_MAKERS = {
    "EdDSA": Ed25519PrivateKey.generate,
    "ES256": lambda: make_ec(SECP256R1()),
    "RS256": lambda: make_rsa(65537, MIN_RSA_BITS),
}


@cache
def foreign(algorithm: str) -> Key | KeyPair:
    """Make a key of somebody else, once: a large one takes a while, so have it made in a thread."""
    if algorithm == Key.algorithm:
        return Key(secrets.token_bytes(MIN_SECRET_BYTES))
    return pair_of(_MAKERS[algorithm](), "a stranger's")


def jwk_of(key: Key | KeyPair) -> Mapping[str, str]:
    """Spell what verifies with a key, as a token may bring it along (RFC 7515 section 4.1.3)."""
    return (
        key.jwk if isinstance(key, KeyPair) else {"kty": "oct", "k": base64url_encode(key.secret)}
    )


def public_half_as_secret(pair: KeyPair) -> Key:
    """Take what everybody knows of a pair for a secret, as a confused server would."""
    return Key(pair.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
