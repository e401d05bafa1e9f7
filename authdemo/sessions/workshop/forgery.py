"""A token taken apart, altered, and put together again, with this app's key or another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.tokens.compact import base64url, signature, unpacked
from ..core.tokens.key_files import KeyPair
from ..core.tokens.keys import Key


@dataclass(frozen=True, slots=True)
class Token:
    """The parts of a token; its text is a credential and stays on the server.

    Attributes:
        header: What it says about itself.
        claims: What it says about the session.
        text: The token in compact form.
        key: The key that signed it.
    """

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    text: str = field(repr=False)
    key: Key | KeyPair = field(repr=False)

    @classmethod
    def read(cls, text: str, key: Key | KeyPair) -> Token:
        """Take a token of this app apart.

        Args:
            text: The token.
            key: The app's key that signs, to sign what is altered.

        Returns:
            Its parts.
        """
        header, claims = (json.loads(unpacked(part)) for part in text.split(".")[:2])
        return cls(header, claims, text, key)

    def signed(
        self,
        *,
        header: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
        key: Key | KeyPair | None = None,
        algorithm: str | None = None,
    ) -> str:
        """Alter the token and sign it anew.

        Args:
            header: What to change in the header.
            claims: What to change in the claims.
            key: The key; the app's own by default, as nobody else could.
            algorithm: How to sign, whatever the header says; as the key does by default.

        Returns:
            The altered token.
        """
        key = key or self.key
        text = self._unsigned(header or {}, claims or {})
        tag = signature(text.encode(), key.private, algorithm or key.algorithm)
        return f"{text}.{tag}"

    def without_signature(self) -> str:
        """Say that the token needs no signature, and leave it out (RFC 7519 section 6)."""
        return self._unsigned({"alg": "none"}, {}) + "."

    def with_claims_under_its_own_signature(self, claims: Mapping[str, Any]) -> str:
        """Alter the claims and leave the signature as it was, as somebody without a key could."""
        header, _, tag = self.text.split(".")
        return f"{header}.{_segment({**self.claims, **claims})}.{tag}"

    def with_flipped_bit(self) -> tuple[str, int]:
        """Flip a bit in the middle of the payload.

        Returns:
            The altered token, and the number of the byte.
        """
        header, payload, tag = self.text.split(".")
        octets = bytearray(unpacked(payload))
        place = len(octets) // 2
        octets[place] ^= 1
        return f"{header}.{base64url(bytes(octets))}.{tag}", place

    def _unsigned(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        return f"{_segment({**self.header, **header})}.{_segment({**self.claims, **claims})}"


def _segment(value: Mapping[str, Any]) -> str:
    return base64url(json.dumps(value, separators=(",", ":")).encode())
