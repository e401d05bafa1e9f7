"""The attacks: each alters one thing of a good request, and knows what the right answer is."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from authdemo.forgery import ForeignKey, RealToken, foreign_key

_HOUR = 3600
_FOREIGN_ORIGIN = "https://attacker.example"
_OK = 200
_EMPTY = ForeignKey("HS256", b"", b"")
"""The key of an empty file."""

Alteration: TypeAlias = tuple[str, Any, Any]
"""The name of what an attack alters, and its value before and after."""


@dataclass(frozen=True, slots=True)
class Target:
    """What an attacker of the user's own session could have at hand."""

    token: RealToken
    origin: str
    csrf: tuple[str, str] = field(repr=False)
    other_csrf: tuple[str, str] = field(repr=False)
    mark: str = field(default_factory=lambda: f"Mallory {secrets.token_hex(4)}")

    @property
    def name(self) -> Any:
        """The user's name."""
        return self.token.payload["user"].get("name")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackRequest:
    """A request to the session's URL; a CSRF token is the one in the body and its cookie."""

    altered: tuple[Alteration, ...] = ()
    token: str = field(repr=False)
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    csrf_cookie: str = field(default="", repr=False)
    origin: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The revision before an attack, the answer to it, and the session afterwards."""

    status: int
    body: Any
    keeps_cookie: bool
    cookie_rev: int | None
    rev: int
    after: Mapping[str, Any] | None
    is_marked: bool

    @property
    def is_unharmed(self) -> bool:
        """Whether the session is active, and nothing of the attack is in it or in the answer."""
        return self.after is not None and not self.is_marked

    @property
    def shows_session(self) -> bool:
        """Whether the answer is the session; another tab may have updated it meanwhile."""
        if self.status != _OK or self.after is None or not isinstance(self.body, dict):
            return False
        if self.rev <= self.body["rev"] < self.after["rev"]:
            return True
        return all(self.body[name] == self.after[name] for name in ("rev", "user"))


@dataclass(frozen=True, slots=True)
class Attack:
    """An altered request, and whether the server answered it as it must.

    `stands` names what it stands for: a vulnerability (CVE), a weakness (CWE), or a section of an
    RFC; empty if it is a control: a good request, which must be accepted.
    """

    make: Callable[[Target], AttackRequest]
    is_passed: Callable[[Evidence], bool]
    stands: str = ""


def _accepts(evidence: Evidence) -> bool:
    return evidence.is_unharmed and evidence.shows_session


def _signs_out(evidence: Evidence) -> bool:
    """A forged token has no session, and its cookie is deleted."""
    answer = evidence.status, evidence.body, evidence.keeps_cookie
    return evidence.is_unharmed and answer == (_OK, None, False)


def _updates_cookie(evidence: Evidence) -> bool:
    return _accepts(evidence) and (evidence.cookie_rev or 0) >= evidence.rev


def _rejects(status: int, code: str) -> Callable[[Evidence], bool]:
    def is_rejected(evidence: Evidence) -> bool:
        found = evidence.body.get("code") if isinstance(evidence.body, dict) else None
        return evidence.is_unharmed and (evidence.status, found) == (status, code)

    return is_rejected


def _read(target: Target, token: str, *altered: Alteration) -> AttackRequest:
    return AttackRequest(altered=altered, token=token, origin=target.origin)


def _update(
    target: Target,
    data: Mapping[str, Any],
    *altered: Alteration,
    csrf: tuple[str | None, str] | None = None,
    origin: str | None = None,
) -> AttackRequest:
    """Update the session as the browser's button does, except for what is altered."""
    token, cookie = csrf or target.csrf
    return AttackRequest(
        altered=altered,
        token=target.token.text,
        method="POST",
        body={"data": dict(data), **({"csrfToken": token} if token else {})},
        csrf_cookie=cookie,
        origin=origin or target.origin,
    )


def _flipped(target: Target) -> AttackRequest:
    text, place = target.token.with_flipped_bit()
    return _read(target, text, ("payload", f"byte {place}", f"byte {place} ^ 1"))


def _renamed(target: Target) -> AttackRequest:
    user = {**target.token.payload["user"], "name": target.mark}
    text = target.token.tampered(user=user)
    return _read(target, text, ("user.name", target.name, target.mark))


def _unsigned(target: Target) -> AttackRequest:
    token = target.token
    return _read(target, token.unsigned(), ("alg", token.header["alg"], "none"))


def _other_hash(target: Target) -> AttackRequest:
    token = target.token
    algorithm = "HS512" if token.key.algorithm == "HS256" else None
    forged = token.signed({**token.header, "alg": "HS512"}, token.payload, algorithm=algorithm)
    return _read(target, forged, ("alg", token.header["alg"], "HS512"))


def _confused(target: Target) -> AttackRequest:
    forged, algorithm = target.token.confused()
    return _read(target, forged, ("alg", target.token.header["alg"], algorithm))


def _other_key(target: Target) -> AttackRequest:
    token = target.token
    forged = token.signed(token.header, token.payload, foreign_key(token.key.algorithm))
    return _read(target, forged, ("key", token.header["kid"], "?"))


def _own_key(target: Target) -> AttackRequest:
    token, key = target.token, foreign_key(target.token.key.algorithm)
    forged = token.signed({**token.header, "jwk": key.jwk}, token.payload, key)
    return _read(target, forged, ("jwk", None, {"kty": key.jwk["kty"]}))


def _path_key(target: Target) -> AttackRequest:
    token, file = target.token, "../../dev/null"
    key = _EMPTY if token.key.algorithm == "HS256" else foreign_key(token.key.algorithm)
    forged = token.signed({**token.header, "kid": file}, token.payload, key)
    return _read(target, forged, ("kid", token.header["kid"], file))


def _critical(target: Target) -> AttackRequest:
    forged = target.token.headed(crit=["bearer"], bearer="another-user")
    return _read(target, forged, ("crit", None, ["bearer"]))


def _other_type(target: Target) -> AttackRequest:
    token = target.token
    return _read(target, token.headed(typ="JWT"), ("typ", token.header["typ"], "JWT"))


def _other_audience(target: Target) -> AttackRequest:
    token = target.token
    forged = token.saying(aud="another-app")
    return _read(target, forged, ("aud", token.payload["aud"], "another-app"))


def _other_user(target: Target) -> AttackRequest:
    token = target.token
    return _read(
        target, token.saying(sub="another-user"), ("sub", token.payload["sub"], "another-user")
    )


def _expired(target: Target) -> AttackRequest:
    token = target.token
    start, end = token.payload["iat"], token.payload["exp"]
    forged = token.saying(iat=start - 2 * _HOUR, nbf=start - 2 * _HOUR, exp=start - _HOUR)
    return _read(target, forged, ("exp", end, start - _HOUR))


def _old_revision(target: Target) -> AttackRequest:
    payload = target.token.payload
    rev = max(0, payload["rev"] - 1)
    return _read(
        target,
        target.token.saying(rev=rev, user={**payload["user"], "name": target.mark}),
        ("rev", payload["rev"], rev),
        ("user.name", target.name, target.mark),
    )


def _fixed_field(target: Target) -> AttackRequest:
    user_id = target.token.payload["user"]["id"]
    return _update(target, {"id": target.mark}, ("id", user_id, target.mark))


def _unknown_field(target: Target) -> AttackRequest:
    return _update(target, {"superpowers": target.mark}, ("superpowers", None, target.mark))


def _no_csrf(target: Target) -> AttackRequest:
    csrf = None, target.csrf[1]
    return _update(target, {"name": target.mark}, ("csrfToken", "…", None), csrf=csrf)


def _other_csrf(target: Target) -> AttackRequest:
    altered = "csrfToken", "your session's", "another browser's"
    return _update(target, {"name": target.mark}, altered, csrf=target.other_csrf)


def _foreign_origin(target: Target) -> AttackRequest:
    altered = "Origin", target.origin, _FOREIGN_ORIGIN
    return _update(target, {"name": target.mark}, altered, origin=_FOREIGN_ORIGIN)


ATTACKS: Mapping[str, Attack] = {
    "flipped": Attack(_flipped, _signs_out, "CWE-345"),
    "renamed": Attack(_renamed, _signs_out, "CVE-2020-28042"),
    "unsigned": Attack(_unsigned, _signs_out, "CVE-2018-1000531"),
    "other_hash": Attack(_other_hash, _signs_out, "RFC 8725 §2.1"),
    "confused": Attack(_confused, _signs_out, "CVE-2015-9235"),
    "other_key": Attack(_other_key, _signs_out, "CWE-347"),
    "own_key": Attack(_own_key, _signs_out, "CVE-2018-0114"),
    "path_key": Attack(_path_key, _signs_out, "CWE-22"),
    "critical": Attack(_critical, _signs_out, "CVE-2025-59420"),
    "other_type": Attack(_other_type, _signs_out, "RFC 8725 §2.8"),
    "other_audience": Attack(_other_audience, _signs_out, "RFC 8725 §2.7"),
    "other_user": Attack(_other_user, _signs_out, "CWE-639"),
    "expired": Attack(_expired, _signs_out, "CWE-613"),
    "old_revision": Attack(_old_revision, _updates_cookie, "CWE-294"),
    "fixed_field": Attack(_fixed_field, _rejects(422, "UpdateRejected"), "CVE-2012-2055"),
    "unknown_field": Attack(_unknown_field, _rejects(422, "UpdateRejected"), "CWE-915"),
    "no_csrf": Attack(_no_csrf, _rejects(403, "RequestRejected"), "CWE-352"),
    "other_csrf": Attack(_other_csrf, _rejects(403, "RequestRejected"), "CWE-352"),
    "foreign_origin": Attack(_foreign_origin, _rejects(403, "RequestRejected"), "CWE-346"),
    "unaltered": Attack(lambda target: _read(target, target.token.text), _accepts),
    "unaltered_update": Attack(lambda target: _update(target, {}), _accepts),
}
"""All attacks and two controls, by the key of their texts: controls stand for nothing."""
