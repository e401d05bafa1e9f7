"""An authenticator made of software, with a browser around it: it answers WebAuthn's options."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import encode_cbor

from authdemo.accounts import passkey_form

SIGN_IN: Any = passkey_form.PasskeySignInState
CONFIRM: Any = passkey_form.PasskeyConfirmState
CARD: Any = passkey_form.PasskeysState
"""The states that take the answers."""

USER_PRESENT, USER_VERIFIED, CAN_BE_BACKED_UP, IS_BACKED_UP, HAS_KEY = 1, 4, 8, 16, 64


def encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "===")


@dataclass
class Passkey:
    """A key with its counter."""

    id: str
    user_handle: str
    counter: int = 0
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def public_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
        return encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})


@dataclass
class Authenticator:
    """Makes and uses passkeys, in a page of one origin.

    Attributes:
        origin: The page's origin.
        flags: What it says about the user and the backup.
        aaguid: What kind it is of.
        has_counter: Whether it counts.
        client_data: What the browser writes otherwise than it should.
        rp_id: What it takes for the domain, instead of the options' own.
    """

    origin: str
    flags: int = USER_PRESENT | USER_VERIFIED
    aaguid: bytes = bytes(16)
    has_counter: bool = True
    client_data: dict[str, Any] = field(default_factory=dict)
    rp_id: str = ""
    passkeys: list[Passkey] = field(default_factory=list)

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer the options of `navigator.credentials.create`."""
        made = Passkey(encoded(secrets.token_bytes(32)), options["user"]["id"])
        self.passkeys.append(made)
        raw_id = decoded(made.id)
        attested = self.aaguid + len(raw_id).to_bytes(2, "big") + raw_id + made.public_key()
        data = self._data(options["rp"]["id"], made, HAS_KEY) + attested
        attestation = {"fmt": "none", "attStmt": {}, "authData": data}
        response = {
            "clientDataJSON": encoded(self._client_data("webauthn.create", options)),
            "attestationObject": encoded(encode_cbor(attestation)),
            "transports": ["internal", "hybrid", "carrier-pigeon"],
        }
        return {"id": made.id, "response": response}

    def get(self, options: dict[str, Any], passkey: Passkey | None = None) -> dict[str, Any]:
        """Answer the options of `navigator.credentials.get`."""
        used = passkey or self.passkeys[-1]
        data = self._data(options["rpId"], used)
        client_data = self._client_data("webauthn.get", options)
        signed = data + hashlib.sha256(client_data).digest()
        response = {
            "clientDataJSON": encoded(client_data),
            "authenticatorData": encoded(data),
            "signature": encoded(used.key.sign(signed, ec.ECDSA(SHA256()))),
            "userHandle": used.user_handle,
        }
        return {"id": used.id, "response": response}

    def _data(self, rp_id: str, passkey: Passkey, flags: int = 0) -> bytes:
        passkey.counter += self.has_counter
        counter = passkey.counter.to_bytes(4, "big")
        domain = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return domain + bytes([self.flags | flags]) + counter

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        known = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps({**known, "crossOrigin": False, **self.client_data}).encode()
