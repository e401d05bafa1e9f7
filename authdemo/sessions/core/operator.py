"""The operator: tokens by which the command line orders a running app to do something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from functools import wraps
from typing import Any, Final, NamedTuple, TypeAlias

import jwt
from pydantic import ConfigDict, ValidationError, validate_call

from .audit import AuditEvent, AuditTrail
from .callbacks import call
from .errors import NotFound, TokenError, UpdateRejected
from .keys import KeyRing
from .record import Device
from .session import ActiveSession
from .sessions import SessionService
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


Command: TypeAlias = Callable[..., Awaitable[object]]
"""A function that takes text, numbers and the like by name, and returns what JSON can hold."""


@dataclass(frozen=True, eq=False)
class Commands:
    """The commands of an app, by name, such as `sessions.list`."""

    trail: AuditTrail
    _functions: dict[str, Command] = field(default_factory=dict, init=False)

    def add(self, name: str, function: Command) -> None:
        """Add a command; its arguments must be of the types that the function declares."""

        @wraps(function)
        def start(*given: Any, **named: Any) -> Awaitable[object]:
            return function(*given, **named)

        validated: Callable[[Command], Command] = validate_call(config=ConfigDict(strict=True))
        self._functions[name] = validated(start)  # which validates now, and not when awaited

    async def run(self, name: str, arguments: Mapping[str, Any]) -> object:
        """Run a command for the operator."""
        function = self._functions.get(name)
        if function is None:
            raise NotFound(f"This app has no command {name!r}.", reason="command")
        try:
            result = function(**arguments)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            message = f"The command {name!r} can't use {field!r}: {first['msg']}."
            raise UpdateRejected(message, field=field) from error
        user = arguments.get("user") or ""
        entry = AuditEvent(kind="command", reason=name, author=OPERATOR, user=user)
        self.trail.add(entry, device=OPERATOR_DEVICE)
        return await call(name, lambda: result)


@dataclass(frozen=True, eq=False)
class SessionCommands:
    """Lists and ends the sessions of a user."""

    commands: Commands
    sessions: SessionService
    list_active: Callable[[str], Awaitable[list[ActiveSession]]]

    def __post_init__(self) -> None:
        for function in (self.list, self.revoke):
            self.commands.add(f"sessions.{function.__name__}", function)

    async def list(self, user: str) -> list[ActiveSession]:
        """List a user's sessions, newest first."""
        return await self.list_active(user)

    async def revoke(self, *, user: str, session: str = "", others: bool = False) -> int:
        """End all sessions of a user, one of them, or all `others` than that one; count them."""
        sessions, chosen = self.sessions, await self._find(user, session)
        if chosen and not others:
            await sessions.end(chosen, "revoked", device=OPERATOR_DEVICE)
            return 1
        return await sessions.end_all(user, except_id=chosen or None, device=OPERATOR_DEVICE)

    async def _find(self, user: str, name: str) -> str:
        """Find a session by its public id, or by its beginning if no other begins like that."""
        if not name:
            return ""
        records = await self.sessions.list_by_user(user)
        found = [each.id for each in records if public_id(each.id).startswith(name)]
        if len(found) != 1:
            has = "no session" if not found else f"{len(found)} sessions"
            raise NotFound(f"The user {user!r} has {has} with the id {name!r}.", reason="session")
        return found[0]
