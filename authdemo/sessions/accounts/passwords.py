"""Passwords: what they may be, and their hashes by Argon2id (RFC 9106)."""

from __future__ import annotations

import math
import os
import unicodedata
from dataclasses import replace
from functools import cache
from typing import NamedTuple, TypeGuard

from argon2 import Parameters, PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from ..core.basics.spelling import folded
from ..core.errors import RuleBroken

LEAST_CHARACTERS = 8
MAX_BYTES = 1024

_CORES = os.cpu_count() or 1
_MIN_LANE_MEMORY = 8
"""KiB that Argon2 needs for each of its lanes (RFC 9106, section 3.1)."""


class Checked(NamedTuple):
    """What a check of a password found.

    Attributes:
        is_right: Whether it is the password.
        is_outdated: Whether its hash is made otherwise today.
    """

    is_right: bool
    is_outdated: bool = False


class Passwords:
    """Hashes passwords, and checks them."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Make them.

        Args:
            hasher: Decides what a hash costs; Argon2's own advice by default.
        """
        self._hasher = hasher or PasswordHasher()
        self.nobodys = self._hasher.hash("nobody has this password")

    @property
    def memory_cost(self) -> int:
        """KiB that a hash takes while it is made."""
        return self._hasher.memory_cost

    def hash(self, password: str) -> str:
        """Hash a password.

        Args:
            password: The password.

        Returns:
            Its hash, in the form that says how it was made.
        """
        return self._hasher.hash(spelled(password))

    def check(self, typed: str, hashed: str | None) -> Checked:
        """Check a password, with as much work for an old hash or none as for a new one.

        Hashes that were made of another spelling of the same text stay good.

        Args:
            typed: What was typed.
            hashed: The account's hash, or None if there is no such account.

        Returns:
            What it found.
        """
        compared = hashed or self.nobodys
        spellings = _spellings(typed)
        found = [each for each in spellings if self._matches(each, compared)]
        if hashed is None or not found:
            self._make_up(compared, len(spellings))
            return Checked(is_right=False)
        is_otherwise = found[0] != spelled(typed)
        return Checked(True, is_otherwise or self._hasher.check_needs_rehash(hashed))  # noqa: FBT003

    def _matches(self, password: str, hashed: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _make_up(self, hashed: str, times: int) -> None:
        """Do what a check against a cheaper hash has spared (Django: `harden_runtime`)."""
        current = extract_parameters(self.nobodys)
        try:
            stored = extract_parameters(hashed)
        except InvalidHashError:
            stored = None
        if missing := missing_cost(stored, current):
            filler = PasswordHasher.from_parameters(missing)
            for _ in range(times):
                filler.hash("")


def missing_cost(stored: Parameters | None, current: Parameters) -> Parameters | None:
    """Find the hash that makes up for a cheaper one, in about the memory of a new one.

    Argon2's time grows with passes times memory, and shrinks with the lanes that have a core.

    Args:
        stored: How the cheaper hash was made, or None if it can't be read.
        current: How hashes are made today.

    Returns:
        How to make it, or None if there is nothing to make up for.
    """
    missing = (_effort(current) - (_effort(stored) if stored else 0)) * _lanes(current)
    passes = max(1, math.ceil(missing / current.memory_cost))
    memory_cost = round(missing / passes)
    if memory_cost < _MIN_LANE_MEMORY * current.parallelism:
        return None
    return replace(current, time_cost=passes, memory_cost=memory_cost)


def _effort(parameters: Parameters) -> float:
    return parameters.time_cost * parameters.memory_cost / _lanes(parameters)


def _lanes(parameters: Parameters) -> int:
    return min(parameters.parallelism, _CORES)


def new_password(text: str) -> str:
    """Check what shall become a password (NIST SP 800-63B, ASVS 6.2).

    Args:
        text: What was typed.

    Returns:
        The password, in the spelling that is hashed.

    Raises:
        RuleBroken: If it is too short, too long or too common; says so.
    """
    if not could_be_one(text):
        raise RuleBroken(
            "too_long", f"must have at most {MAX_BYTES} bytes, and no NUL", most=MAX_BYTES
        )
    if len(spelled(text)) < LEAST_CHARACTERS:
        raise RuleBroken(
            "too_short", f"must have at least {LEAST_CHARACTERS} characters", least=LEAST_CHARACTERS
        )
    if folded(text.strip()) in _common_passwords():
        raise RuleBroken("too_common", "must not be one of the most common passwords")
    return spelled(text)


def could_be_one(typed: object) -> TypeGuard[str]:
    """Tell whether something could be a password at all.

    Args:
        typed: Anything.

    Returns:
        Whether it is text that can be hashed, of at most `MAX_BYTES` bytes.
    """
    try:
        return isinstance(typed, str) and "\0" not in typed and len(typed.encode()) <= MAX_BYTES
    except UnicodeEncodeError:
        return False


@cache
def _common_passwords() -> frozenset[str]:
    """Load 30,000 common passwords when the first one is chosen (ASVS 6.2.4)."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def spelled(password: str) -> str:
    """Spell a password as any keyboard would: in NFC (RFC 8265, OpaqueString)."""
    return unicodedata.normalize("NFC", password)


def _spellings(typed: str) -> tuple[str, ...]:
    """List how a password may have been spelled when it was hashed, today's way first."""
    return tuple(dict.fromkeys((spelled(typed), typed)))
