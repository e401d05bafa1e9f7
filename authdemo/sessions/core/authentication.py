"""How a user authenticated: the methods of RFC 8176, and the level that they reach."""

from __future__ import annotations

import re
from collections.abc import Collection

MAX_METHODS = 8
LEVELS = (1, 2)
PASSWORD = ("pwd",)
CODE = ("otp",)

_METHOD = re.compile(r"[a-z0-9_-]{1,16}", re.IGNORECASE)
_KINDS = {
    "knowledge": {"pwd", "pin", "kba"},
    "possession": {"otp", "hwk", "swk", "pop", "sc", "sms", "tel"},
    "inherence": {"face", "fpt", "iris", "retina", "vbm"},
}
_KEYS = frozenset({"hwk", "swk"})


def read_methods(value: object) -> tuple[str, ...]:
    """Read methods from outside, such as an ID token's `amr`; what can't be one is left out."""
    given = value if isinstance(value, list | tuple) else ()
    methods = [each for each in given if isinstance(each, str) and _METHOD.fullmatch(each)]
    return tuple(dict.fromkeys(methods))[:MAX_METHODS]


def level_of(amr: Collection[str]) -> int:
    """Compute the level: 2 for two kinds of factors, or for a passkey with user verification."""
    kinds = sum(not methods.isdisjoint(amr) for methods in _KINDS.values())
    is_verified_key = "user" in amr and not _KEYS.isdisjoint(amr)
    return 2 if kinds > 1 or "mfa" in amr or is_verified_key else 1


def with_second_factor(amr: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """Add the methods of a second factor; `mfa` says so where the first one has no method."""
    methods = tuple(dict.fromkeys((*amr, *more)))
    return methods if level_of(methods) > 1 else (*methods, "mfa")
