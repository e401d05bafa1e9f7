"""A token taken apart, altered, and put together again, with this app's key or another."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..core.keys import KeyRing

_HASHES = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Token:
    """The parts of a token; its text is a credential and stays on the server.

    Attributes:
        header: What it says about itself.
        claims: What it says about the session.
        text: The token in compact form.
    """

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    text: str = field(repr=False)
    _keys: KeyRing = field(repr=False)

    @classmethod
    def read(cls, text: str, keys: KeyRing) -> Token:
        """Take a token of this app apart.

        Args:
            text: The token.
            keys: The app's keys, to sign what is altered.

        Returns:
            Its parts.
        """
        header, claims = (json.loads(_octets(part)) for part in text.split(".")[:2])
        return cls(header, claims, text, keys)

    def signed(
        self,
        *,
        header: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
        secret: bytes | None = None,
    ) -> str:
        """Alter the token and sign it anew.

        Args:
            header: What to change in the header; `alg` says how to sign.
            claims: What to change in the claims.
            secret: The key; the app's own by default, as nobody else could.

        Returns:
            The altered token.
        """
        altered = replace(
            self, header={**self.header, **(header or {})}, claims={**self.claims, **(claims or {})}
        )
        text = f"{_segment(altered.header)}.{_segment(altered.claims)}"
        hash_ = _HASHES.get(altered.header["alg"])
        key = self._keys.signing.secret if secret is None else secret
        tag = hmac.new(key, text.encode(), hash_).digest() if hash_ else b""
        return f"{text}.{_base64url(tag)}"

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
        octets = bytearray(_octets(payload))
        place = len(octets) // 2
        octets[place] ^= 1
        return f"{header}.{_base64url(octets)}.{tag}", place


def _segment(value: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(octets: bytes | bytearray) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
