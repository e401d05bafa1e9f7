"""Random identifiers."""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache

_BYTES = 20
_CLEAR = "23456789abcdefghjkmnpqrstuvwxyz"
_TAB_CHARACTERS = 4
_MOST_NAMED = 4096


def new_id() -> str:
    """Make an identifier that nobody can guess.

    Returns:
        40 hexadecimal digits, 160 random bits (ASVS 7.2.3 asks for 128).
    """
    return secrets.token_hex(_BYTES)


def new_tab_name() -> str:
    """Make a name for a tab that people can tell from others; it is no secret.

    Returns:
        Four characters, none of which looks like another.
    """
    return "".join(secrets.choice(_CLEAR) for _ in range(_TAB_CHARACTERS))


def is_tab_name(text: str) -> bool:
    """Tell whether a text could be a tab's name."""
    return len(text) == _TAB_CHARACTERS and set(text) <= set(_CLEAR)


@lru_cache(_MOST_NAMED)
def public_id(sid: str) -> str:
    """Name a session where its real id must not be seen: in lists and in logs.

    Args:
        sid: The session's id.

    Returns:
        32 hexadecimal digits that always stand for the same session.
    """
    return hashlib.sha256(sid.encode()).hexdigest()[:32]
