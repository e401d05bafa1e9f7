"""What a session says, as the app's `jwt` callback decides at each step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from . import callbacks as cb
from . import strict_json
from .callbacks import Account, Callbacks
from .errors import CallbackFailed
from .record import SessionRecord
from .schema import UserSchema
from .tokens import SESSION_CLAIMS
from .users import User

Contents: TypeAlias = tuple[dict[str, Any], dict[str, Any]]
"""The user's fields, and the app's own claims."""


@dataclass(frozen=True, eq=False)
class ClaimsBuilder:
    """Asks the `jwt` callback, and takes from its answer what a session can hold."""

    callbacks: Callbacks
    schema: UserSchema

    async def for_sign_in(self, user: User, account: Account) -> Contents | None:
        """Decide what a new session says."""
        token = {"sub": user.id, "user": self.schema.adopt(user, {})}
        answer = await self.callbacks.ask_jwt(token, trigger="signIn", user=user, account=account)
        return None if answer is None else self._split(answer, user.id, {})

    async def for_update(self, record: SessionRecord, accepted: dict[str, Any]) -> Contents | None:
        """Decide what a session says from its next revision on."""
        fields = {**record.user, **accepted}
        token = {**record.claims, "sub": record.user_id, "user": fields}
        answer = await self.callbacks.ask_jwt(token, trigger="update", session=accepted)
        return None if answer is None else self._split(answer, record.user_id, record.user)

    def _split(self, token: cb.Token, user_id: str, before: dict[str, Any]) -> Contents:
        """Part the callback's answer into the typed user and the free claims."""
        claims = {name: value for name, value in token.items() if name not in SESSION_CLAIMS}
        try:
            user = self._checked(token["user"], user_id, before)
            return user, _as_json(claims) if claims else {}
        except (KeyError, TypeError, ValueError) as error:
            cb.logger.exception("The callback 'jwt' answered with what no token can say.")
            raise CallbackFailed("jwt") from error

    def _checked(self, fields: Any, user_id: str, before: dict[str, Any]) -> dict[str, Any]:
        user = self.schema.read(fields)
        if user.id != user_id:
            raise ValueError("the user's id never changes")
        return self.schema.write(user, before)


def _as_json(claims: dict[str, Any]) -> dict[str, Any]:
    """Take claims as every reader of the token will, or not at all."""
    read: dict[str, Any] = strict_json.loads(json.dumps(claims).encode())
    return read


def token_of(record: SessionRecord) -> cb.Token:
    """Show a session to a callback the way Auth.js shows its token."""
    return {**record.own_claims(), "sub": record.user_id, "user": record.fields()}
