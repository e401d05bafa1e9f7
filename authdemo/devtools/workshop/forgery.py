"""A real token taken apart, altered, and put together again, with this app's key or another."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from authdemo.sessions.core.keys import Key, KeyPair, base64url_decode, base64url_encode, signature

MISSING: Any = object()
"""Stands for a member that `changed` leaves out."""


@dataclass(frozen=True)
class RealToken:
    """A real token, and others like it, made by hand.

    Attributes:
        text: The token in compact form; it is a credential.
        key: The key that signed it.
    """

    text: str = field(repr=False)
    key: Key | KeyPair = field(repr=False)

    @property
    def segments(self) -> list[str]:
        """Its three segments."""
        return self.text.split(".")

    @property
    def header(self) -> dict[str, Any]:
        """What it says about itself."""
        return dict(json.loads(base64url_decode(self.segments[0])))

    @property
    def payload(self) -> dict[str, Any]:
        """What it says about the session."""
        return dict(json.loads(base64url_decode(self.segments[1])))

    def signed(
        self,
        header: Any,
        payload: Any,
        key: Key | KeyPair | None = None,
        algorithm: str | None = None,
    ) -> str:
        """Put a token together.

        Args:
            header: Its header: octets, or anything else as JSON.
            payload: Its payload, likewise.
            key: What to sign it with, whatever the header says; the real key by default.
            algorithm: How to sign, whatever the header says; as the key does by default.

        Returns:
            The token.
        """
        key = key or self.key
        text = f"{base64url_encode(octets_of(header))}.{base64url_encode(octets_of(payload))}"
        return f"{text}.{signature(text.encode(), key.private, algorithm or key.algorithm)}"

    def headed(self, **changes: Any) -> str:
        """Change its header, and sign it anew with the real key."""
        return self.signed(changed(self.header, changes), self.payload)

    def saying(self, **changes: Any) -> str:
        """Change its claims, and sign it anew with the real key."""
        return self.signed(self.header, changed(self.payload, changes))

    def tampered(self, **changes: Any) -> str:
        """Change its claims under the signature that it has, as somebody without a key could."""
        header, _, tag = self.segments
        return f"{header}.{base64url_encode(octets_of(changed(self.payload, changes)))}.{tag}"

    def later(self, seconds: int) -> str:
        """Move its whole life, to the past by a negative number, and sign it anew."""
        times = {name: self.payload[name] + seconds for name in ("iat", "nbf", "exp")}
        return self.saying(**times)

    def unsigned(self) -> str:
        """Say that it needs no signature, and leave it out (RFC 7519 section 6)."""
        return self.headed(alg="none").rpartition(".")[0] + "."

    def with_flipped_bit(self) -> tuple[str, int]:
        """Flip a bit in the middle of the payload.

        Returns:
            The token, and the number of the byte.
        """
        header, payload, tag = self.segments
        octets = bytearray(base64url_decode(payload))
        place = len(octets) // 2
        octets[place] ^= 1
        return f"{header}.{base64url_encode(bytes(octets))}.{tag}", place


def octets_of(part: Any) -> bytes:
    """The octets themselves, or anything else as JSON."""
    return part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()


def changed(good: dict[str, Any], changes: Any) -> Any:
    """The good object with some members changed, or something else altogether."""
    if not isinstance(changes, dict):
        return changes
    return {name: value for name, value in (good | changes).items() if value is not MISSING}
