"""The tokens by which the command line orders a running app to do something."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from typing import Any, Final, NamedTuple

import jwt

from .errors import TokenError
from .keys import KeyRing
from .record import Device
from .store import SessionStore
from .utils import Clock, new_id, public_id

OPERATOR: Final = "operator"
"""The audience of the tokens, the purpose of their key, and an author in the audit trail."""

OPERATOR_TYPE: Final = "operator+jwt"
OPERATOR_DEVICE: Final = Device(user_agent=OPERATOR)
SERVER_FILE: Final = "server.json"
"""Where in the data folder a running app says how the command line reaches it."""

_MAX_AGE = 60
_LEEWAY = 5
_REQUIRED = ["aud", "iat", "exp", "jti", "command", "arguments"]


class Order(NamedTuple):
    """A command and its arguments, as a token names them."""

    command: str
    arguments: dict[str, Any]


@dataclass(frozen=True, eq=False)
class OperatorTokens:
    """Issues and redeems the operator's tokens: each orders one command, once, within a minute.

    Their key serves no other purpose, so no other token is one of them, nor the reverse.
    """

    keys: KeyRing
    _: KW_ONLY
    clock: Clock

    def issue(self, command: str, arguments: Mapping[str, Any]) -> str:
        now = self.clock()
        times = {"iat": now, "exp": now + _MAX_AGE}
        order = {"command": command, "arguments": dict(arguments)}
        payload = {"aud": OPERATOR, "jti": new_id(), **times, **order}
        key = self.keys.derive(OPERATOR)[0]
        return jwt.encode(payload, key, "HS256", headers={"typ": OPERATOR_TYPE})

    async def redeem(self, token: object, store: SessionStore, *, since: float) -> Order:
        """Verify a token that was issued since then, and use it up.

        `since` is when the process began: a store may forget at its end what was used up before.
        """
        claims = self._verify(token)
        issued, expires, now = claims["iat"], claims["exp"], self.clock()
        if not max(since, now - _MAX_AGE) <= issued <= now + _LEEWAY:
            raise TokenError("The token is too old, or from the future.", reason="expired")
        if not now < expires <= issued + _MAX_AGE:
            raise TokenError("The token has expired.", reason="expired")
        key = public_id(f"{OPERATOR} {claims['jti']}")
        window = _MAX_AGE + _LEEWAY
        if await store.begin_attempt(key, new_id(), at=now, window=window, limit=1) is not None:
            raise TokenError("The token has been used.", reason="replayed")
        return Order(claims["command"], claims["arguments"])

    def _verify(self, token: object) -> dict[str, Any]:
        options: Any = {"require": _REQUIRED, "verify_exp": False, "verify_iat": False}
        for key in self.keys.derive(OPERATOR) if isinstance(token, str) else ():
            with suppress(jwt.PyJWTError):
                found = jwt.decode_complete(
                    str(token), key, ["HS256"], audience=OPERATOR, options=options
                )
                claims: dict[str, Any] = found["payload"]
                numbers = (claims["iat"], claims["exp"])
                is_read = all(type(each) in (int, float) for each in numbers)
                if is_read and found["header"].get("typ") == OPERATOR_TYPE:
                    return claims
        raise TokenError("This is not a token of the operator.", reason="form")
