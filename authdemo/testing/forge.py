"""Tokens, forged for tests."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

from authdemo.devtools.workshop.forgery import RealToken, octets_of
from authdemo.sessions.core.keys import KeyRing, base64url_encode, signature

_FOREIGN = KeyRing(["a secret of somebody else, who has no key of this app"]).signing
_YEARS = 10 * 365 * 86_400


def _of_a_foreign_key(real: RealToken) -> str:
    header = real.header | {"alg": _FOREIGN.algorithm, "kid": _FOREIGN.kid}
    return real.signed(header, real.payload, _FOREIGN)


FORGERIES: dict[str, Callable[[RealToken], str]] = {
    "expired": lambda real: real.later(-_YEARS),
    "from the future": lambda real: real.later(_YEARS),
    "of too long a life": lambda real: real.saying(exp=real.payload["exp"] + _YEARS),
    "of another user": lambda real: real.saying(sub="somebody else"),
    "of a session that never was": lambda real: real.saying(sid="0" * 22),
    "for another app": lambda real: real.saying(iss="another app", aud="another app"),
    "of another kind": lambda real: real.headed(typ="JWT"),
    "of another algorithm": lambda real: real.headed(alg="HS512"),
    "unsigned": RealToken.unsigned,
    "of a foreign key": _of_a_foreign_key,
    "of a foreign key under the app's name": lambda real: real.signed(
        real.header, real.payload, _FOREIGN
    ),
    "tampered with": lambda real: real.tampered(sub="somebody else"),
    "with a flipped bit": lambda real: real.with_flipped_bit()[0],
}
"""Ways to forge a token, by name; no app lets any of them in."""


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
    """Make a token."""
    header, payload = base64url_encode(octets_of(header)), base64url_encode(octets_of(payload))
    return sign(header, payload, secret, algorithm)


def with_unused_bits(part: str) -> str:
    """The same octets, spelled with other unused bits in the last character."""
    if len(part) % 4 == 0:
        raise ValueError("there are no unused bits")
    return part[:-1] + _ALPHABET[_ALPHABET.index(part[-1]) ^ 1]
