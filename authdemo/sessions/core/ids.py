"""Random identifiers."""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 20


def new_id() -> str:
    """Make an identifier that nobody can guess.

    Returns:
        40 hexadecimal digits, 160 random bits (ASVS 7.2.3 asks for 128).
    """
    return secrets.token_hex(_BYTES)


def public_id(sid: str) -> str:
    """Name a session where its real id must not be seen: in lists and in logs.

    Args:
        sid: The session's id.

    Returns:
        32 hexadecimal digits that always stand for the same session.
    """
    return hashlib.sha256(sid.encode()).hexdigest()[:32]
