"""Random identifiers."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import deque
from functools import lru_cache

_BYTES = 20
_OCTETS = 32
_FETCHED = 128
_CLEAR = "23456789abcdefghjkmnpqrstuvwxyz"
_TAB_CHARACTERS = 4
_MOST_NAMED = 4096


_ready: deque[bytes] = deque()
os.register_at_fork(after_in_child=_ready.clear)


def random_octets() -> bytes:
    """Take octets that nobody can guess, and that nobody else gets.

    They come from the operating system, many at a time: to ask it for each identifier would
    have all other threads of the process barge in each time.

    Returns:
        32 octets.
    """
    while True:
        try:
            return _ready.popleft()
        except IndexError:
            octets = secrets.token_bytes(_FETCHED * _OCTETS)
            starts = range(0, len(octets), _OCTETS)
            _ready.extend(octets[start : start + _OCTETS] for start in starts)


def new_id() -> str:
    """Make an identifier that nobody can guess.

    Returns:
        40 hexadecimal digits, 160 random bits (ASVS 7.2.3 asks for 128).
    """
    return random_octets()[:_BYTES].hex()


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
