"""Random identifiers."""

from __future__ import annotations

import secrets

_BYTES = 20


def new_id() -> str:
    """Make an identifier that nobody can guess.

    Returns:
        40 hexadecimal digits, 160 random bits (ASVS 7.2.3 asks for 128).
    """
    return secrets.token_hex(_BYTES)
