"""WebAuthn's ceremonies: options for browsers, and their answers (Web Authentication Level 3)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from pydantic import BaseModel, ConfigDict, StringConstraints

TIMEOUT = 300
"""Seconds within which a browser has to answer."""

ALGORITHMS = (-8, -7, -257)
"""Ed25519, ES256 and RS256 (RFC 9053, RFC 8812), the best first."""

_TRANSPORTS = frozenset({"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"})
_MAX_CHARACTERS = 8192
_MAX_ID_CHARACTERS = 1364  # of 1023 bytes
_ID = re.compile(r"[A-Za-z0-9_-]+")


class InvalidAnswer(Exception):
    """An answer that doesn't match its challenge; the cause says why."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What an authenticator has to sign, once.

    Attributes:
        value: Random bytes, encoded.
        origin: The origin of the page that gets it.
        account_id: The only account that may answer; any, if it is empty.
        user_handle: The account's name in a new passkey.
        expires_at: When it is too late, in seconds since 1970.
    """

    value: str
    origin: str
    account_id: str
    user_handle: str
    expires_at: float

    @property
    def rp_id(self) -> str:
        """The domain that passkeys belong to."""
        return rp_id_of(self.origin)


@dataclass(frozen=True, slots=True)
class KnownPasskey:
    """What a browser needs to find a passkey."""

    id: str
    transports: Collection[str]


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What an authenticator says about a passkey that it has made."""

    id: str
    public_key: bytes
    sign_count: int
    aaguid: str
    can_be_backed_up: bool
    is_backed_up: bool
    transports: Collection[str]


@dataclass(frozen=True, slots=True)
class UsedPasskey:
    """What an authenticator says about a passkey that it has used."""

    sign_count: int
    can_be_backed_up: bool
    is_backed_up: bool
    user_handle: str | None


def rp_id_of(origin: str) -> str:
    """Find the domain that the passkeys of an origin belong to."""
    return urlsplit(origin).hostname or ""


def is_passkey_id(text: str) -> bool:
    """Tell whether a text is of the form of a passkey's id."""
    return len(text) <= _MAX_ID_CHARACTERS and _ID.fullmatch(text) is not None


def new_challenge(
    origin: str, *, now: float, account_id: str = "", user_handle: str = ""
) -> Challenge:
    """Create a challenge."""
    value = secrets.token_urlsafe(32)
    return Challenge(value, origin, account_id, user_handle, now + TIMEOUT)


def new_user_handle() -> str:
    """Create the name of an account in its passkeys: it says nothing about the user."""
    return secrets.token_urlsafe(32)


def request_options(challenge: Challenge, known: Collection[KnownPasskey]) -> dict[str, Any]:
    """Write the options of `navigator.credentials.get`."""
    return {
        "challenge": challenge.value,
        "rpId": challenge.rp_id,
        "timeout": TIMEOUT * 1000,
        "userVerification": "required",
        "allowCredentials": _descriptors(known),
    }


def creation_options(
    challenge: Challenge, known: Collection[KnownPasskey], *, name: str, display_name: str
) -> dict[str, Any]:
    """Write the options of `navigator.credentials.create`."""
    return {
        "challenge": challenge.value,
        "rp": {"id": challenge.rp_id, "name": challenge.rp_id},
        "user": {"id": challenge.user_handle, "name": name, "displayName": display_name},
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
        "timeout": TIMEOUT * 1000,
        "excludeCredentials": _descriptors(known),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def verify_registration(answer: object, challenge: Challenge) -> NewPasskey:
    """Verify a new passkey (section 7.1).

    Raises:
        InvalidAnswer: If it doesn't answer the challenge.
    """
    from webauthn import helpers, verify_registration_response
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    with _rejecting():
        given = _Registration.model_validate(answer)
        response = given.response
        _check_frame(response.clientDataJSON)
        attestation = helpers.base64url_to_bytes(response.attestationObject)
        if helpers.parse_attestation_object(attestation).att_stmt.x5c:
            raise InvalidAnswer("Attestation was not asked for.")
        verified = verify_registration_response(
            credential=_credential(given),
            expected_challenge=helpers.base64url_to_bytes(challenge.value),
            expected_rp_id=challenge.rp_id,
            expected_origin=challenge.origin,
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(each) for each in ALGORITHMS],
        )
        if helpers.bytes_to_base64url(verified.credential_id) != given.id:
            raise InvalidAnswer("The authenticator names another passkey.")
        key = helpers.decode_credential_public_key(verified.credential_public_key)
        helpers.decoded_public_key_to_cryptography(key)  # so that it can be verified with later
    return NewPasskey(
        id=given.id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        aaguid=verified.aaguid,
        can_be_backed_up=verified.credential_device_type.value == "multi_device",
        is_backed_up=verified.credential_backed_up,
        transports=sorted(_TRANSPORTS.intersection(response.transports)),
    )


def verify_authentication(answer: object, challenge: Challenge, public_key: bytes) -> UsedPasskey:
    """Verify the use of a passkey (section 7.2), except for its counter.

    Raises:
        InvalidAnswer: If it doesn't answer the challenge.
    """
    from webauthn import helpers, verify_authentication_response

    with _rejecting():
        given = _Authentication.model_validate(answer)
        _check_frame(given.response.clientDataJSON)
        verified = verify_authentication_response(
            credential=_credential(given),
            expected_challenge=helpers.base64url_to_bytes(challenge.value),
            expected_rp_id=challenge.rp_id,
            expected_origin=challenge.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    return UsedPasskey(
        sign_count=verified.new_sign_count,
        can_be_backed_up=verified.credential_device_type.value == "multi_device",
        is_backed_up=verified.credential_backed_up,
        user_handle=given.response.userHandle,
    )


_Encoded = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=_MAX_CHARACTERS)
]
_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=_MAX_ID_CHARACTERS)]


class _Json(BaseModel):
    """A part of an answer, as `PublicKeyCredential.toJSON` writes it."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)


class _Assertion(_Json):
    clientDataJSON: _Encoded  # noqa: N815
    authenticatorData: _Encoded  # noqa: N815
    signature: _Encoded
    userHandle: _Encoded | None = None  # noqa: N815


class _Attestation(_Json):
    clientDataJSON: _Encoded  # noqa: N815
    attestationObject: _Encoded  # noqa: N815
    transports: list[str] = []


class _Authentication(_Json):
    id: _Id
    response: _Assertion


class _Registration(_Json):
    id: _Id
    response: _Attestation


def _descriptors(known: Collection[KnownPasskey]) -> list[dict[str, Any]]:
    return [
        {"type": "public-key", "id": each.id, "transports": list(each.transports)} for each in known
    ]


def _credential(given: _Authentication | _Registration) -> dict[str, Any]:
    response = given.response.model_dump(exclude={"transports", "userHandle"})
    return {"id": given.id, "rawId": given.id, "type": "public-key", "response": response}


def _check_frame(client_data: str) -> None:
    """Reject what a frame in a page of another origin asked for."""
    from webauthn import helpers

    if helpers.parse_client_data_json(helpers.base64url_to_bytes(client_data)).cross_origin:
        raise InvalidAnswer("A page of another origin has a frame that asked.")


@contextmanager
def _rejecting() -> Iterator[None]:
    """Turn what malformed answers cause into `InvalidAnswer`."""
    from webauthn.helpers.exceptions import WebAuthnException

    malformed = (WebAuthnException, UnsupportedAlgorithm, LookupError, TypeError, ValueError)
    try:
        yield
    except malformed as error:
        raise InvalidAnswer("The answer is malformed, or for another challenge.") from error
