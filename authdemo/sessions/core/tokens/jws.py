"""JSON Web Signatures in compact form (RFC 7515 section 7.1), all of one profile.

PyJWT's algorithms make and check the signatures. Keys are made ready for them once, and
so is the header, which is the same in every token that a key signs.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import jwt

from ..basics import strict_json
from ..errors import TokenError
from .compact import base64url, unpacked
from .key_files import KeyPair
from .keys import Key

TYPE: Final = "session+jwt"

_LONGEST_KID = 64
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Signet:
    """A key, ready to sign and to verify.

    Attributes:
        kid: The key's name.
        algorithm: The one algorithm that it is used with.
        header: The header of what it signs, as it is spelled in a token.
    """

    def __init__(self, key: Key | KeyPair) -> None:
        """Make a key ready.

        Args:
            key: The key.
        """
        self.kid = key.kid
        self.algorithm = key.algorithm
        self.header = base64url(
            strict_json.dumps({"alg": key.algorithm, "typ": TYPE, "kid": key.kid})
        )
        self._algorithm = jwt.get_algorithm_by_name(key.algorithm)
        self._private = self._algorithm.prepare_key(key.private)
        self._public = self._algorithm.prepare_key(key.public)
        self._signature_length = len(base64url(self._algorithm.sign(b"", self._private)))

    def sign(self, payload: Mapping[str, Any]) -> str:
        """Make a signed token.

        Args:
            payload: What it says.

        Returns:
            The token.
        """
        signed = f"{self.header}.{base64url(strict_json.dumps(payload))}"
        return f"{signed}.{base64url(self._algorithm.sign(signed.encode(), self._private))}"

    def length(self, payload: Mapping[str, Any]) -> int:
        """Tell how long a token would be.

        Args:
            payload: What it would say.

        Returns:
            Its length in bytes.
        """
        octets = len(strict_json.dumps(payload))
        return len(self.header) + (octets * 4 + 2) // 3 + self._signature_length + 2

    def verify(self, signed: str, signature: bytes) -> bool:
        """Tell whether a signature is this key's."""
        return self._algorithm.verify(signed.encode(), self._public, signature)


class Signets:
    """The keys that tokens of this profile are verified with."""

    def __init__(self, keys: Iterable[Key | KeyPair]) -> None:
        """Make keys ready.

        Args:
            keys: The keys.
        """
        signets = [Signet(key) for key in keys]
        self._by_kid = {signet.kid: signet for signet in signets}
        self._by_header = {signet.header: signet for signet in signets}
        self._algorithms = {signet.algorithm for signet in signets}

    def verified(self, token: str) -> dict[str, Any]:
        """Check a token's form, header and signature, and only then read its payload.

        Args:
            token: The token.

        Returns:
            The payload.

        Raises:
            TokenError: If anything is not as this profile has it.
        """
        header, payload, signature = split(token)
        signet = self._by_header.get(header) or self._named_in(header)
        octets = canonical(payload)
        if not signet.verify(f"{header}.{payload}", canonical(signature)):
            raise TokenError("The token's signature is wrong.", reason="signature")
        return read(octets)

    def _named_in(self, segment: str) -> Signet:
        """Find the key by a header that is spelled in another way than ours."""
        header = read(canonical(segment))
        if header.keys() != {"alg", "typ", "kid"}:
            raise TokenError(
                "The token's header must have alg, typ and kid, and nothing else.", reason="header"
            )
        kid, algorithm = header["kid"], header["alg"]
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise TokenError("The token names another algorithm.", reason="algorithm")
        if header["typ"] != TYPE:
            raise TokenError("The token is of another kind.", reason="type")
        is_name = isinstance(kid, str) and len(kid) <= _LONGEST_KID
        signet = self._by_kid.get(kid) if is_name else None
        if signet is None:
            raise TokenError(
                "The token was signed with a key that this app doesn't have.", reason="key"
            )
        if algorithm != signet.algorithm:
            raise TokenError("The token names another key's algorithm.", reason="algorithm")
        return signet


def split(token: str) -> list[str]:
    """Part a token into header, payload and signature.

    Args:
        token: The token.

    Returns:
        The three, as they are spelled.

    Raises:
        TokenError: If there aren't three.
    """
    if not _COMPACT.fullmatch(token):
        raise TokenError("This is not a token.", reason="form")
    return token.split(".")


def canonical(segment: str) -> bytes:
    """Decode base64url that has exactly one spelling (RFC 4648 section 3.5).

    Args:
        segment: A part of a token.

    Returns:
        What it stands for.

    Raises:
        TokenError: If it is spelled in another way.
    """
    try:
        octets = unpacked(segment)
    except binascii.Error as error:
        raise TokenError("This is not a token.", reason="form") from error
    if base64url(octets) != segment:
        raise TokenError("The token is not in its canonical form.", reason="form")
    return octets


def read(octets: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Args:
        octets: The JSON text.

    Returns:
        The object.

    Raises:
        TokenError: If it is anything else.
    """
    try:
        value = strict_json.loads(octets)
    except ValueError as error:
        raise TokenError("The token is not JSON in UTF-8.", reason="json") from error
    if not isinstance(value, dict):
        raise TokenError("The token is not a JSON object.", reason="json")
    return value
