"""Forged tokens: what people try, done to a real token, with the app's own keys where it helps.

So each is refused for what it is, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.tokens.keys import KeyRing
from ..workshop.forgery import RealToken

_FOREIGN = KeyRing(["a secret of somebody else, who has no key of this app"]).signing
_YEARS = 10 * 365 * 86_400


def _of_a_foreign_key(real: RealToken) -> str:
    header = real.header | {"alg": _FOREIGN.algorithm, "kid": _FOREIGN.kid}
    return real.signed(header, real.payload, _FOREIGN)


FORGERIES: dict[str, Callable[[RealToken], str]] = {
    "expired": lambda real: real.later(-_YEARS),
    "from the future": lambda real: real.later(_YEARS),
    "of too long a life": lambda real: real.saying(exp=real.payload["exp"] + _YEARS),
    "of another user": lambda real: real.saying(sub="somebody else"),
    "of a session that never was": lambda real: real.saying(sid="0" * 22),
    "for another app": lambda real: real.saying(iss="another app", aud="another app"),
    "of another kind": lambda real: real.headed(typ="JWT"),
    "of another algorithm": lambda real: real.headed(alg="HS512"),
    "unsigned": RealToken.unsigned,
    "of a foreign key": _of_a_foreign_key,
    "of a foreign key under the app's name": lambda real: real.signed(
        real.header, real.payload, _FOREIGN
    ),
    "tampered with": lambda real: real.tampered(sub="somebody else"),
    "with a flipped bit": lambda real: real.with_flipped_bit()[0],
}
"""Ways to forge a token, by name; no app lets any of them in."""
