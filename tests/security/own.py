"""Tokens of an app of our own, signed with any key."""

from __future__ import annotations

from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.tokens import Claims, TokenCodec
from authdemo.testing import FrozenClock
from authdemo.testing.thread import NOON
from tests.support.house import HOUR

NOW = int(NOON)
CLAIMS = Claims(
    sub="ada",
    sid="5e55",
    jti="70ce",
    iat=NOW,
    exp=NOW + HOUR,
    rev=3,
    user={"id": "ada", "name": "Augusta King"},
)


def key_ring(secret: bytes) -> KeyRing:
    """The key ring of an app whose operator set this secret."""
    return KeyRing([secret.decode("utf-8", "surrogateescape")])


def codec(secret: bytes) -> TokenCodec:
    """The codec of that app."""
    return TokenCodec(key_ring(secret), issuer="tests", max_age=HOUR, clock=FrozenClock())
