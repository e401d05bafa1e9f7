"""Commands of the operator: what the command line can have an app do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeAlias

from pydantic import ConfigDict, ValidationError, validate_call

from .audit import AuditEvent, AuditTrail
from .callbacks import call
from .errors import NotFound, UpdateRejected
from .operator import OPERATOR, OPERATOR_DEVICE
from .session import ActiveSession
from .sessions import SessionService
from .utils import public_id

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
        """Run a command for the operator.

        Raises:
            NotFound: If the app has no such command.
            UpdateRejected: If the arguments are others than it takes.
            AuthError: If the command raises it.
        """
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
