"""Passwords: what they may be, and their hashes by Argon2id (RFC 9106)."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple, TypeGuard

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..core.errors import RuleBroken

LEAST_CHARACTERS = 8
MAX_BYTES = 1024


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

    def hash(self, password: str) -> str:
        """Hash a password.

        Args:
            password: The password.

        Returns:
            Its hash, in the form that says how it was made.
        """
        return self._hasher.hash(spelled(password))

    def check(self, typed: str, hashed: str | None) -> Checked:
        """Check a password, in no less time for an account that isn't there.

        Hashes that were made of another spelling of the same text stay good.

        Args:
            typed: What was typed.
            hashed: The account's hash, or None if there is no such account.

        Returns:
            What it found.
        """
        compared = hashed or self.nobodys
        found = [each for each in _spellings(typed) if self._matches(each, compared)]
        if hashed is None or not found:
            return Checked(is_right=False)
        is_otherwise = found[0] != spelled(typed)
        return Checked(True, is_otherwise or self._hasher.check_needs_rehash(hashed))  # noqa: FBT003

    def _matches(self, password: str, hashed: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def new_password(text: str) -> str:
    """Check what shall become a password (NIST SP 800-63B, ASVS 6.2).

    Args:
        text: What was typed.

    Returns:
        The password, in the spelling that is hashed.

    Raises:
        RuleBroken: If it is too short or too long; says so.
    """
    if not could_be_one(text):
        raise RuleBroken(
            "too_long", f"must have at most {MAX_BYTES} bytes, and no NUL", most=MAX_BYTES
        )
    if len(spelled(text)) < LEAST_CHARACTERS:
        raise RuleBroken(
            "too_short", f"must have at least {LEAST_CHARACTERS} characters", least=LEAST_CHARACTERS
        )
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


def spelled(password: str) -> str:
    """Spell a password as any keyboard would: in NFC (RFC 8265, OpaqueString)."""
    return unicodedata.normalize("NFC", password)


def _spellings(typed: str) -> tuple[str, ...]:
    """List how a password may have been spelled when it was hashed, today's way first."""
    return tuple(dict.fromkeys((spelled(typed), typed)))
