"""Tokens made by hand, with whatever in them, signed with a secret."""

from __future__ import annotations

import string
from typing import Any

from ..core.tokens.compact import base64url, signature
from ..workshop.forgery import octets_of

_ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def tag(text: str, secret: str | bytes, algorithm: str = "HS256") -> str:
    """The third segment for the first two."""
    key = secret.encode() if isinstance(secret, str) else secret
    octets = text.encode("utf-8", "surrogatepass")
    return signature(octets, key, algorithm)


def sign(header: str, payload: str, secret: str | bytes, algorithm: str = "HS256") -> str:
    """A token of two segments as they are spelled."""
    return f"{header}.{payload}.{tag(f'{header}.{payload}', secret, algorithm)}"


def forge(header: Any, payload: Any, secret: str | bytes, algorithm: str = "HS256") -> str:
    """Make a token.

    Args:
        header: Its header: octets, or anything else as JSON.
        payload: Its payload, likewise.
        secret: What to sign it with, whatever the header says.
        algorithm: How to sign.

    Returns:
        The token in compact form.
    """
    header, payload = base64url(octets_of(header)), base64url(octets_of(payload))
    return sign(header, payload, secret, algorithm)


def with_unused_bits(part: str) -> str:
    """The same octets, spelled with other unused bits in the last character."""
    if len(part) % 4 == 0:
        raise ValueError("there are no unused bits")
    return part[:-1] + _ALPHABET[_ALPHABET.index(part[-1]) ^ 1]
