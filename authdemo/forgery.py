"""Session tokens, forged for the tests of apps and for the attacks of the devtools."""

from __future__ import annotations

import json
import secrets
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MISSING: Any = object()
"""Stands for a member that `changed` leaves out."""

_YEARS = 10 * 365 * 86_400
_ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


class SigningKey(Protocol):
    """A key that signs tokens, such as `auth.settings.keys.signer`."""

    @property
    def algorithm(self) -> str:
        """Its algorithm, like `HS256`."""

    @property
    def private(self) -> Any:
        """What signs."""

    @property
    def public(self) -> Any:
        """What verifies; of a secret, the same."""


@dataclass(frozen=True)
class ForeignKey:
    """A key that no app has."""

    algorithm: str
    private: Any = field(repr=False)
    public: Any = field(repr=False)

    @property
    def jwk(self) -> dict[str, Any]:
        """What verifies, as a token may bring it along (RFC 7515, section 4.1.3)."""
        jwk: dict[str, Any] = json.loads(
            jwt.get_algorithm_by_name(self.algorithm).to_jwk(self.public)
        )
        return jwk


_MAKERS: dict[str, Callable[[], Any]] = {
    "EdDSA": Ed25519PrivateKey.generate,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
}


@cache
def foreign_key(algorithm: str) -> ForeignKey:
    """Make a key of an app's algorithm, once: RSA's takes a while, so have it made in a thread."""
    if algorithm == "HS256":
        secret = secrets.token_bytes(32)
        return ForeignKey(algorithm, secret, secret)
    private = _MAKERS[algorithm]()
    return ForeignKey(algorithm, private, private.public_key())


@dataclass(frozen=True)
class RealToken:
    """A real token, and others like it, made by hand.

    Attributes:
        text: The token in compact form; it is a credential.
        key: The key that signed it.
    """

    text: str = field(repr=False)
    key: SigningKey = field(repr=False)

    @property
    def segments(self) -> list[str]:
        """Its three segments."""
        return self.text.split(".")

    @property
    def header(self) -> dict[str, Any]:
        """Its header."""
        return dict(json.loads(_decoded(self.segments[0])))

    @property
    def payload(self) -> dict[str, Any]:
        """Its claims."""
        return dict(json.loads(_decoded(self.segments[1])))

    def signed(
        self,
        header: Any,
        payload: Any,
        key: SigningKey | None = None,
        algorithm: str | None = None,
    ) -> str:
        """Put a token together.

        Args:
            header: Its header: bytes, or anything else as JSON.
            payload: Its payload, likewise.
            key: What to sign it with, whatever the header says; the real key by default.
            algorithm: How to sign, whatever the header says; as the key does by default.

        Returns:
            The token.
        """
        key = key or self.key
        return forge(header, payload, key.private, algorithm or key.algorithm)

    def headed(self, **changes: Any) -> str:
        """Change its header, and sign it again with the real key."""
        return self.signed(changed(self.header, changes), self.payload)

    def saying(self, **changes: Any) -> str:
        """Change its claims, and sign it again with the real key."""
        return self.signed(self.header, changed(self.payload, changes))

    def tampered(self, **changes: Any) -> str:
        """Change its claims under the signature that it has."""
        header, _, signature = self.segments
        return f"{header}.{_encoded(changed(self.payload, changes))}.{signature}"

    def later(self, seconds: int) -> str:
        """Move its whole life, to the past by a negative number, and sign it again."""
        times = {name: self.payload[name] + seconds for name in ("iat", "nbf", "exp")}
        return self.saying(**times)

    def unsigned(self) -> str:
        """Say that it needs no signature, and leave it out (RFC 7519, section 6)."""
        return self.headed(alg="none").rpartition(".")[0] + "."

    def with_flipped_bit(self) -> tuple[str, int]:
        """Flip a bit in the middle of the payload.

        Returns:
            The token, and the number of the byte.
        """
        header, payload, signature = self.segments
        data = bytearray(_decoded(payload))
        place = len(data) // 2
        data[place] ^= 1
        return f"{header}.{_encoded(bytes(data))}.{signature}", place

    def confused(self) -> tuple[str, str]:
        """Claim another kind of key: the public half of a pair as a secret, or a secret as a pair.

        Returns:
            The token, and the algorithm that it claims.
        """
        if self.key.algorithm == "HS256":
            return self.signed({**self.header, "alg": "RS256"}, self.payload), "RS256"
        public = self.key.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return forge({**self.header, "alg": "HS256"}, self.payload, public), "HS256"


def changed(good: dict[str, Any], changes: Any) -> Any:
    """Change some members of an object, or replace it by something else."""
    if not isinstance(changes, dict):
        return changes
    return {name: value for name, value in (good | changes).items() if value is not MISSING}


def forge(header: Any, payload: Any, key: Any, algorithm: str = "HS256") -> str:
    """Make a token of any header and payload: bytes, or anything else as JSON."""
    return sign(_encoded(header), _encoded(payload), key, algorithm)


def sign(header: str, payload: str, key: Any, algorithm: str = "HS256") -> str:
    """Sign two segments as they are spelled."""
    return f"{header}.{payload}.{tag(f'{header}.{payload}', key, algorithm)}"


def tag(text: str, key: Any, algorithm: str = "HS256") -> str:
    """Make the third segment for the first two."""
    key = key.encode() if isinstance(key, str) else key
    data = text.encode("utf-8", "surrogatepass")
    return _base64(jwt.get_algorithm_by_name(algorithm).sign(data, key))


def with_unused_bits(part: str) -> str:
    """Spell the same bytes with other unused bits in the last character."""
    if len(part) % 4 == 0:
        raise ValueError("there are no unused bits")
    return part[:-1] + _ALPHABET[_ALPHABET.index(part[-1]) ^ 1]


def _encoded(part: Any) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return _base64(data)


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(segment: str) -> bytes:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _of_a_foreign_key(real: RealToken) -> str:
    header = real.header | {"alg": "HS256", "kid": "0" * 16}
    return real.signed(header, real.payload, foreign_key("HS256"))


FORGERIES: dict[str, Callable[[RealToken], str]] = {
    "expired": lambda real: real.later(-_YEARS),
    "from the future": lambda real: real.later(_YEARS),
    "of too long a life": lambda real: real.saying(exp=real.payload["exp"] + _YEARS),
    "of another user": lambda real: real.saying(sub="another user"),
    "of a session that never was": lambda real: real.saying(sid="0" * 22),
    "for another app": lambda real: real.saying(iss="another app", aud="another app"),
    "of another kind": lambda real: real.headed(typ="JWT"),
    "of another algorithm": lambda real: real.headed(alg="HS512"),
    "unsigned": RealToken.unsigned,
    "of a foreign key": _of_a_foreign_key,
    "of a foreign key under the app's name": lambda real: real.signed(
        real.header, real.payload, foreign_key("HS256")
    ),
    "tampered with": lambda real: real.tampered(sub="another user"),
    "with a flipped bit": lambda real: real.with_flipped_bit()[0],
}
"""Ways to forge a token, by name; no app accepts any of them."""
