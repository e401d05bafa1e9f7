"""The experiments: each alters one thing, and knows what the right answer is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from authdemo.sessions.core.keys import Key

from . import verdicts
from .altered import AlteredRequest, Bench, change, reading, update
from .foreign import foreign, jwk_of, public_half_as_secret
from .verdicts import Verdict

_HOUR = 3600
_FOREIGN = "https://attacker.example"


@dataclass(frozen=True, slots=True)
class Experiment:
    """One way to try to break in."""

    make: Callable[[Bench, str], AlteredRequest]
    held: Verdict


def _unaltered(bench: Bench, _: str) -> AlteredRequest:
    return reading(bench, bench.token().text)


def _unaltered_update(bench: Bench, _: str) -> AlteredRequest:
    return update(bench, {})


def _flipped(bench: Bench, _: str) -> AlteredRequest:
    text, place = bench.token().with_flipped_bit()
    return reading(bench, text, change("payload", f"byte {place}", f"byte {place} ^ 1"))


def _renamed(bench: Bench, _: str) -> AlteredRequest:
    user = {**bench.record.user, "name": bench.mark}
    text = bench.token().tampered(user=user)
    return reading(bench, text, change("user.name", bench.record.user.get("name"), bench.mark))


def _unsigned(bench: Bench, _: str) -> AlteredRequest:
    token = bench.token()
    return reading(bench, token.unsigned(), change("alg", token.header["alg"], "none"))


def _other_hash(bench: Bench, _: str) -> AlteredRequest:
    token = bench.token()
    can = isinstance(token.key, Key)
    header = {**token.header, "alg": "HS512"}
    forged = token.signed(header, token.payload, algorithm="HS512" if can else None)
    return reading(bench, forged, change("alg", token.header["alg"], "HS512"))


def _confused(bench: Bench, _: str) -> AlteredRequest:
    token = bench.token()
    if isinstance(token.key, Key):
        said, key = "RS256", token.key
    else:
        said, key = Key.algorithm, public_half_as_secret(token.key)
    forged = token.signed({**token.header, "alg": said}, token.payload, key)
    return reading(bench, forged, change("alg", token.header["alg"], said))


def _other_key(bench: Bench, _: str) -> AlteredRequest:
    token = bench.token()
    forged = token.signed(token.header, token.payload, foreign(token.key.algorithm))
    return reading(bench, forged, change("key", token.header["kid"], "?"))


def _own_key(bench: Bench, _: str) -> AlteredRequest:
    token = bench.token()
    key = foreign(token.key.algorithm)
    jwk = jwk_of(key)
    forged = token.signed({**token.header, "jwk": jwk}, token.payload, key)
    return reading(bench, forged, change("jwk", None, {"kty": jwk["kty"]}))


def _expired(bench: Bench, _: str) -> AlteredRequest:
    token = bench.token()
    begin, end = token.payload["iat"], token.payload["exp"]
    forged = token.saying(iat=begin - 2 * _HOUR, nbf=begin - 2 * _HOUR, exp=begin - _HOUR)
    return reading(bench, forged, change("exp", end, begin - _HOUR))


def _other_type(bench: Bench, _: str) -> AlteredRequest:
    token = bench.token()
    forged = token.headed(typ="JWT")
    return reading(bench, forged, change("typ", token.header["typ"], "JWT"))


def _other_audience(bench: Bench, _: str) -> AlteredRequest:
    token = bench.token()
    forged = token.saying(aud="another-app")
    return reading(bench, forged, change("aud", token.payload["aud"], "another-app"))


def _other_session(bench: Bench, stranger: str) -> AlteredRequest:
    forged = bench.token().saying(sid=stranger)
    return reading(bench, forged, change("sid", "your session", "somebody else's"))


def _old_revision(bench: Bench, _: str) -> AlteredRequest:
    record, rev = bench.record, max(0, bench.record.rev - 1)
    user = {**record.user, "name": bench.mark}
    return reading(
        bench,
        bench.token().saying(rev=rev, user=user),
        change("rev", record.rev, rev),
        change("user.name", record.user.get("name"), bench.mark),
    )


def _fixed_field(bench: Bench, _: str) -> AlteredRequest:
    schema = bench.auth.sessions.schema
    name = [name for name in schema.user.model_fields if name not in schema.update.model_fields][-1]
    return update(bench, {name: bench.mark}, change(name, bench.record.user[name], bench.mark))


def _unknown_field(bench: Bench, _: str) -> AlteredRequest:
    return update(bench, {"superpowers": bench.mark}, change("superpowers", None, bench.mark))


def _no_csrf(bench: Bench, _: str) -> AlteredRequest:
    altered = change("csrfToken", "…", None)
    return update(bench, {"name": bench.mark}, altered, brings_csrf=False)


def _other_csrf(bench: Bench, stranger: str) -> AlteredRequest:
    altered = change("csrfToken", "your session's", "somebody else's")
    return update(bench, {"name": bench.mark}, altered, csrf_of=stranger)


def _foreign_origin(bench: Bench, _: str) -> AlteredRequest:
    altered = change("Origin", bench.base_url, _FOREIGN)
    return update(bench, {"name": bench.mark}, altered, origin=_FOREIGN)


_Table: TypeAlias = Mapping[str, Experiment]

EXPERIMENTS: _Table = {
    "unaltered": Experiment(_unaltered, verdicts.accepted),
    "unaltered_update": Experiment(_unaltered_update, verdicts.accepted),
    "flipped": Experiment(_flipped, verdicts.nobody),
    "renamed": Experiment(_renamed, verdicts.nobody),
    "unsigned": Experiment(_unsigned, verdicts.nobody),
    "other_hash": Experiment(_other_hash, verdicts.nobody),
    "confused": Experiment(_confused, verdicts.nobody),
    "other_key": Experiment(_other_key, verdicts.nobody),
    "own_key": Experiment(_own_key, verdicts.nobody),
    "other_type": Experiment(_other_type, verdicts.nobody),
    "other_audience": Experiment(_other_audience, verdicts.nobody),
    "expired": Experiment(_expired, verdicts.nobody),
    "other_session": Experiment(_other_session, verdicts.nobody),
    "old_revision": Experiment(_old_revision, verdicts.brought_up_to_date),
    "fixed_field": Experiment(_fixed_field, verdicts.refused(422, "UpdateRejected")),
    "unknown_field": Experiment(_unknown_field, verdicts.refused(422, "UpdateRejected")),
    "no_csrf": Experiment(_no_csrf, verdicts.refused(403, "RequestRejected")),
    "other_csrf": Experiment(_other_csrf, verdicts.refused(403, "RequestRejected")),
    "foreign_origin": Experiment(_foreign_origin, verdicts.refused(403, "RequestRejected")),
}
"""All experiments, by the key of their texts; the first two show that good requests pass."""
