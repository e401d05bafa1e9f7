"""Reads a token by other means than the codec's, and insists on each rule of the profile."""

from __future__ import annotations

import json
from typing import Any

from authdemo.forgery import sign
from authdemo.sessions.core.tokens import LEEWAY, Claims, base64url_decode, base64url_encode
from tests.security.own import NOW
from tests.security.real import Real
from tests.support.house import HOUR


def said_by(text: str, real: Real) -> dict[str, Any]:
    """What a token says, if it is spelled and signed as a token of the app has to be."""
    head, body, _ = text.split(".")
    assert text == sign(head, body, real.secret)
    assert all(base64url_encode(base64url_decode(part)) == part for part in (head, body))
    assert _read(head) == real.header
    return _read(body)


def _read(segment: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    value = json.loads(base64url_decode(segment).decode(), object_pairs_hook=once)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return dict(value)


def is_within_profile(said: dict[str, Any]) -> bool:
    counts = [said[name] for name in ("iat", "nbf", "exp", "rev")]
    return (
        all(type(value) is int and 0 <= value <= 2**53 for value in counts)
        and all(said[name] and type(said[name]) is str for name in ("sub", "sid", "jti"))
        and said["iss"] == said["aud"] == "tests"
        and type(said["user"]) is dict
        and max(said["iat"], said["nbf"]) <= NOW + LEEWAY
        and said["exp"] > NOW - LEEWAY
        and 0 <= said["exp"] - said["iat"] <= HOUR + LEEWAY
    )


def restated(claims: Claims, said: dict[str, Any]) -> dict[str, Any]:
    """The claims as a token says them; they leave out what is the same for all."""
    names = ("sub", "sid", "jti", "iat", "exp", "rev", "user")
    same = {name: said[name] for name in ("iss", "aud", "nbf")}
    if "amr" in said:
        same["amr"] = list(claims.amr)
    if "level" in said:
        same["level"] = claims.level
    return {**claims.extra, **{name: getattr(claims, name) for name in names}, **same}
