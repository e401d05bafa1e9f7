"""The keys, and how one replaces another: secrets, and pairs whose public half others know."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from jwt.utils import is_pem_format, is_ssh_key

from ..errors import ConfigurationError
from .key_files import KeyPair

MIN_SECRET_BYTES = 32
"""An HS256 key must be as long as its hash (RFC 7518 section 3.2)."""

_KID_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Key:
    """One secret and its public name.

    Attributes:
        secret: The secret's bytes.
        kid: The key id that tokens carry (RFC 7515 section 4.1.4). It is a MAC
            of a constant, so it tells nothing about the secret.
    """

    secret: bytes = field(repr=False)
    kid: str = field(init=False)
    _keyed: hmac.HMAC = field(init=False, repr=False, compare=False)
    algorithm: ClassVar[str] = "HS256"

    @property
    def private(self) -> bytes:
        """What signs."""
        return self.secret

    @property
    def public(self) -> bytes:
        """What verifies: of a secret, the same."""
        return self.secret

    def __post_init__(self) -> None:
        """Name the key, and make it ready."""
        object.__setattr__(self, "_keyed", hmac.new(self.secret, digestmod="sha256"))
        object.__setattr__(self, "kid", self.mac("kid", "")[:_KID_DIGITS])

    def mac(self, purpose: str, text: str) -> str:
        """Authenticate a text for one purpose only.

        Args:
            purpose: What the text is for; MACs of one purpose are worthless for another.
            text: What to authenticate.

        Returns:
            64 hexadecimal digits.
        """
        mac = self._keyed.copy()
        mac.update(f"authdemo.sessions {purpose}\0{text}".encode())
        return mac.hexdigest()


class KeyRing:
    """The keys in use: the first signs, all verify.

    To rotate, put a new key in front, and drop the old one when the longest
    session that it signed is over. Where there are pairs they sign the tokens; the
    secrets go on to verify those that they signed, and to make the MACs.
    """

    def __init__(self, secrets: Iterable[str], pairs: Iterable[KeyPair] = ()) -> None:
        """Make a ring.

        Args:
            secrets: The secrets, newest first, at least 32 bytes each.
            pairs: The pairs, newest first.

        Raises:
            ConfigurationError: If there is no secret, or one is too short.
        """
        self._keys = tuple(Key(_strong(secret)) for secret in secrets)
        if not self._keys:
            raise ConfigurationError("AUTH_SECRET needs at least one secret.")
        self._pairs = tuple(pairs)

    @property
    def signing(self) -> Key:
        """The secret that makes the MACs."""
        return self._keys[0]

    @property
    def newest_pair(self) -> KeyPair | None:
        """The pair that signs, or None if only secrets do."""
        return self._pairs[0] if self._pairs else None

    @property
    def signer(self) -> Key | KeyPair:
        """The key that signs the tokens."""
        return self.newest_pair or self.signing

    @property
    def all(self) -> tuple[Key | KeyPair, ...]:
        """Every key that verifies."""
        return (*self._keys, *self._pairs)

    @property
    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JWK Set (RFC 7517 section 5)."""
        return {"keys": [dict(pair.jwk) for pair in self._pairs]}

    def mac(self, purpose: str, text: str) -> str:
        """Authenticate a text with the key that signs; see `Key.mac`."""
        return self.signing.mac(purpose, text)

    def verify(self, purpose: str, text: str, mac: str) -> bool:
        """Check a MAC against every key, in constant time for each.

        Args:
            purpose: What the text is for.
            text: The text.
            mac: The MAC that came with it.

        Returns:
            Whether one of the keys made it.
        """
        given = mac.encode("utf-8", "replace")
        matches = [
            hmac.compare_digest(key.mac(purpose, text).encode(), given) for key in self._keys
        ]
        return any(matches)


def _strong(secret: str) -> bytes:
    octets = secret.encode("utf-8", "surrogateescape")
    if len(octets) < MIN_SECRET_BYTES:
        raise ConfigurationError(
            f"AUTH_SECRET holds a secret of {len(octets)} bytes, "
            f"and each needs at least {MIN_SECRET_BYTES}. "
            "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    if is_pem_format(octets) or is_ssh_key(octets):
        raise ConfigurationError(
            "AUTH_SECRET holds a key of another algorithm; it takes random text."
        )
    return octets
