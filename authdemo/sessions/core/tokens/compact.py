"""The compact form of a signed token, whatever is in it (RFC 7515 section 7.1)."""

from __future__ import annotations

import base64
from typing import Any

import jwt


def base64url(octets: bytes) -> str:
    """Encode without padding (RFC 7515 section 2)."""
    encoded = base64.b64encode(octets).rstrip(b"=")
    return encoded.replace(b"+", b"-").replace(b"/", b"_").decode()


def unpacked(segment: str) -> bytes:
    """Decode a segment, however it is spelled.

    Args:
        segment: The segment, without padding.

    Returns:
        What it stands for.

    Raises:
        binascii.Error: If its length is that of no segment.
    """
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def signature(signed: bytes, private: Any, algorithm: str) -> str:
    """Sign anything, with any key; what a good token looks like is decided in `jws`.

    Args:
        signed: The first two segments.
        private: What signs: a secret's octets, or a private key.
        algorithm: The algorithm (RFC 7518 section 3.1).

    Returns:
        The third segment.
    """
    return base64url(jwt.get_algorithm_by_name(algorithm).sign(signed, private))
