"""Tokens made by hand, with whatever in them, signed with a secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import string
from typing import Any

MISSING: Any = object()
"""Stands for a member that `changed` leaves out."""

_ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def base64url(octets: bytes) -> str:
    """Encode without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets_of(part: Any) -> bytes:
    """The octets themselves, or anything else as JSON."""
    return part if isinstance(part, bytes) else json.dumps(part).encode()


def unpacked(segment: str) -> bytes:
    """Decode a segment."""
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def tag(text: str, secret: str | bytes, hash_name: str = "sha256") -> str:
    """The third segment for the first two."""
    key = secret.encode() if isinstance(secret, str) else secret
    octets = text.encode("utf-8", "surrogatepass")
    return base64url(hmac.new(key, octets, getattr(hashlib, hash_name)).digest())


def sign(header: str, payload: str, secret: str | bytes, hash_name: str = "sha256") -> str:
    """A token of two segments as they are spelled."""
    return f"{header}.{payload}.{tag(f'{header}.{payload}', secret, hash_name)}"


def forge(header: Any, payload: Any, secret: str | bytes, hash_name: str = "sha256") -> str:
    """Make a token.

    Args:
        header: Its header: octets, or anything else as JSON.
        payload: Its payload, likewise.
        secret: What to sign it with, whatever the header says.
        hash_name: The hash of the signature.

    Returns:
        The token in compact form.
    """
    header, payload = base64url(octets_of(header)), base64url(octets_of(payload))
    return sign(header, payload, secret, hash_name)


def changed(good: dict[str, Any], changes: Any) -> Any:
    """The good object with some members changed, or something else altogether."""
    if not isinstance(changes, dict):
        return changes
    return {name: value for name, value in (good | changes).items() if value is not MISSING}


def with_unused_bits(part: str) -> str:
    """The same octets, spelled with other unused bits in the last character."""
    if len(part) % 4 == 0:
        raise ValueError("there are no unused bits")
    return part[:-1] + _ALPHABET[_ALPHABET.index(part[-1]) ^ 1]
