"""Forged tokens: what people try, done to a real token, with the app's own keys where it helps.

So each is refused for what it is, and for nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..core.tokens.compact import base64url, signature, unpacked
from ..core.tokens.key_files import KeyPair
from ..core.tokens.keys import Key, KeyRing
from .forge import changed, octets_of

_FOREIGN = KeyRing(["a secret of somebody else, who has no key of this app"]).signing
_YEARS = 10 * 365 * 86_400


@dataclass(frozen=True)
class RealToken:
    """A real token, and others like it, made by hand.

    Attributes:
        text: The token in compact form.
        key: The key that signed it.
    """

    text: str
    key: Key | KeyPair = field(repr=False)

    @property
    def segments(self) -> list[str]:
        """Its three segments."""
        return self.text.split(".")

    @property
    def header(self) -> dict[str, Any]:
        """What it says about itself."""
        return dict(json.loads(unpacked(self.segments[0])))

    @property
    def payload(self) -> dict[str, Any]:
        """What it says about the session."""
        return dict(json.loads(unpacked(self.segments[1])))

    def signed(self, header: Any, payload: Any, key: Key | KeyPair | None = None) -> str:
        """Put a token together.

        Args:
            header: Its header: octets, or anything else as JSON.
            payload: Its payload, likewise.
            key: What to sign it with, whatever the header says; the real key by default.

        Returns:
            The token.
        """
        key = key or self.key
        text = f"{base64url(octets_of(header))}.{base64url(octets_of(payload))}"
        return f"{text}.{signature(text.encode(), key.private, key.algorithm)}"

    def headed(self, **changes: Any) -> str:
        """Change its header, and sign it anew with the real key."""
        return self.signed(changed(self.header, changes), self.payload)

    def saying(self, **changes: Any) -> str:
        """Change its claims, and sign it anew with the real key."""
        return self.signed(self.header, changed(self.payload, changes))

    def tampered(self, **changes: Any) -> str:
        """Change its claims under the signature that it has, as somebody without a key could."""
        header, _, tag = self.segments
        return f"{header}.{base64url(octets_of(changed(self.payload, changes)))}.{tag}"

    def later(self, seconds: int) -> str:
        """Move its whole life, to the past by a negative number, and sign it anew."""
        times = {name: self.payload[name] + seconds for name in ("iat", "nbf", "exp")}
        return self.saying(**times)


def _of_a_foreign_key(real: RealToken) -> str:
    header = real.header | {"alg": _FOREIGN.algorithm, "kid": _FOREIGN.kid}
    return real.signed(header, real.payload, _FOREIGN)


def _unsigned(real: RealToken) -> str:
    return real.headed(alg="none").rpartition(".")[0] + "."


def _with_a_flipped_bit(real: RealToken) -> str:
    header, payload, tag = real.segments
    octets = bytearray(unpacked(payload))
    octets[len(octets) // 2] ^= 1
    return f"{header}.{base64url(bytes(octets))}.{tag}"


FORGERIES: dict[str, Callable[[RealToken], str]] = {
    "expired": lambda real: real.later(-_YEARS),
    "from the future": lambda real: real.later(_YEARS),
    "of too long a life": lambda real: real.saying(exp=real.payload["exp"] + _YEARS),
    "of another user": lambda real: real.saying(sub="somebody else"),
    "of a session that never was": lambda real: real.saying(sid="0" * 22),
    "for another app": lambda real: real.saying(iss="another app", aud="another app"),
    "of another kind": lambda real: real.headed(typ="JWT"),
    "of another algorithm": lambda real: real.headed(alg="HS512"),
    "unsigned": _unsigned,
    "of a foreign key": _of_a_foreign_key,
    "of a foreign key under the app's name": lambda real: real.signed(
        real.header, real.payload, _FOREIGN
    ),
    "tampered with": lambda real: real.tampered(sub="somebody else"),
    "with a flipped bit": _with_a_flipped_bit,
}
"""Ways to forge a token, by name; no app lets any of them in."""
