"""What people have tried with tokens, each trick done to a real token with the real key.

So each fails for what it does and for nothing else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from authdemo.forgery import MISSING, forge, sign, with_unused_bits
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.tokens import LEEWAY, Claims, TokenCodec
from tests.security.real import Real
from tests.support.house import OTHER_SECRET

DAY = 86400


def of_another_app(real: Real) -> str:
    """The same secret, and the same user in the same session."""
    names = ("sub", "sid", "jti", "iat", "exp", "rev", "user")
    other = TokenCodec(KeyRing([real.secret]), issuer="another app", max_age=30 * DAY)
    return other.encode(Claims(**{name: real.payload[name] for name in names}))


def of_a_past_key(real: Real) -> str:
    return real.headed(OTHER_SECRET, kid=KeyRing([OTHER_SECRET]).signing.kid)


def in_json(real: Real) -> str:
    head, body, tag = real.segments
    return json.dumps({"protected": head, "payload": body, "signature": tag})


def with_other_unused_bits(real: Real) -> str:
    head, body, tag = real.segments
    return f"{head}.{body}.{with_unused_bits(tag)}"


def ended(real: Real, seconds: int) -> str:
    end = int(time.time()) - seconds
    return real.saying(exp=end, iat=end - DAY, nbf=end - DAY)


TRICKS: dict[str, Callable[[Real], str]] = {
    "alg none": lambda real: real.headed(alg="none"),
    "alg none, unsigned": lambda real: real.headed(alg="none").rpartition(".")[0] + ".",
    "alg nOnE": lambda real: real.headed(alg="nOnE"),
    "alg HS384": lambda real: forge(
        real.header | {"alg": "HS384"}, real.payload, real.secret, "HS384"
    ),
    "alg HS512": lambda real: forge(
        real.header | {"alg": "HS512"}, real.payload, real.secret, "HS512"
    ),
    "alg RS256": lambda real: real.headed(alg="RS256"),
    "alg missing": lambda real: real.headed(alg=MISSING),
    "typ JWT": lambda real: real.headed(typ="JWT"),
    "typ missing": lambda real: real.headed(typ=MISSING),
    "zip": lambda real: real.headed(zip="DEF"),
    "crit": lambda real: real.headed(crit=["exp"], exp=2**40),
    "b64": lambda real: real.headed(b64=False, crit=["b64"]),
    "kid of nothing": lambda real: real.headed("", kid="../../../../dev/null"),
    "kid of a query": lambda real: real.headed("x" * 32, kid="' UNION SELECT '" + "x" * 32),
    "kid of a command": lambda real: real.headed(kid="| sleep 5"),
    "kid of 2 KB": lambda real: real.headed(kid="k" * 2048),
    "kid of 10 KB": lambda real: real.headed(kid="k" * 10240),
    "kid an object": lambda real: real.headed(kid={"$ne": None}),
    "kid missing": lambda real: real.headed(kid=MISSING),
    "over": lambda real: ended(real, LEEWAY + 1),
    "long over": lambda real: ended(real, 365 * DAY),
    "without an end": lambda real: real.saying(exp=MISSING),
    "with an end of another kind": lambda real: real.saying(exp=str(real.payload["exp"])),
    "with an end too far away": lambda real: real.saying(exp=real.payload["exp"] + DAY),
    "from the future": lambda real: real.saying(nbf=real.payload["nbf"] + DAY),
    "of another app": of_another_app,
    "for another app": lambda real: real.saying(aud="another app"),
    "for several apps": lambda real: real.saying(aud=[real.payload["aud"], "another app"]),
    "of another user": lambda real: real.saying(sub="jane_admin"),
    "of a session that never was": lambda real: real.saying(sid="0" * 22),
    "of a past key": of_a_past_key,
    "of a past key under the present name": lambda real: real.headed(OTHER_SECRET),
    "of no key": lambda real: real.headed(""),
    "in UTF-16": lambda real: real.spelled("^", "", "utf-16"),
    "with BOM": lambda real: real.spelled("^", "\ufeff"),
    "with a lone surrogate": lambda real: real.spelled('"John Doe"', '"\ud800"'),
    "with a claim twice": lambda real: real.spelled("^{", '{"sub": "jane_admin", '),
    "with NaN": lambda real: real.spelled('"John Doe"', "NaN"),
    "with 1e400": lambda real: real.spelled('"John Doe"', "1e400"),
    "with 40 digits": lambda real: real.spelled('"exp": ', '"exp": ' + "9" * 30),
    "a list": lambda real: forge(real.header, [real.payload], real.secret),
    "padded": lambda real: f"{real.text}=",
    "padded and signed": lambda real: sign(real.segments[0], f"{real.segments[1]}=", real.secret),
    "with other unused bits": with_other_unused_bits,
    "quoted": lambda real: f'"{real.text}"',
    "with white space": lambda real: real.text.replace(".", ". "),
    "percent-encoded": lambda real: real.text.replace(".", "%2E"),
    "with a scheme": lambda real: f"Bearer {real.text}",
    "in five segments": lambda real: f"{real.text}.e30.e30",
    "in JSON": in_json,
    "a script": lambda _: "<script>alert(1)</script>",
    "of 8 KB": lambda real: real.saying(color="x" * 6000),
}
