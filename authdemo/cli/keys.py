"""Makes secrets for `AUTH_SECRET`, and keys for `AUTH_SIGNING_KEYS`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from .operator import Failed

_BYTES = 48
_RSA_BITS = 3072

KINDS: dict[str, Callable[[], object]] = {
    "ed25519": Ed25519PrivateKey.generate,
    "p256": lambda: generate_private_key(SECP256R1()),
    "rsa": lambda: generate_rsa(65537, _RSA_BITS),
}


def new_secret() -> str:
    """Make a secret."""
    return secrets.token_urlsafe(_BYTES)


def write_key(path: Path, kind: str) -> str:
    """Write a new private key to a file that only its owner can read; return its id."""
    from authdemo.sessions.core.keys import PrivateKey, pair_of

    key = KINDS[kind]()
    assert isinstance(key, PrivateKey)  # noqa: S101 - for mypy
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise Failed(f"The key can't be written to {path} ({error.strerror}).") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    return pair_of(key, str(path)).kid


def configured_files() -> list[str]:
    """List the files that `AUTH_SIGNING_KEYS` names, after a look at each."""
    from authdemo.sessions import ConfigurationError
    from authdemo.sessions.core.keys import read_pair

    value = os.environ.get("AUTH_SIGNING_KEYS", "")
    names = [name.strip() for name in value.split(",") if name.strip()]
    try:
        for name in names:
            read_pair(Path(name))
    except ConfigurationError as error:
        raise Failed(error.message, error.code) from error
    return names
