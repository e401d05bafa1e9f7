"""Representations of a session record: its public JSON and its token's claims."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass
from typing import Any, TypeAlias

from .callbacks import Account, Callbacks, Token
from .errors import CallbackFailed
from .record import PLAIN, Actor, SessionRecord
from .schema import User, UserSchema
from .tokens import SESSION_CLAIMS, Claims, TokenCodec
from .utils import Clock, iso, new_id, parse_json

logger = logging.getLogger("authdemo.sessions")

Contents: TypeAlias = tuple[dict[str, Any], dict[str, Any]]
"""The user's fields, and the app's own claims."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Serializers:
    """Serializes session records; the app's `jwt` and `session` callbacks decide what they hold."""

    tokens: TokenCodec
    schema: UserSchema
    callbacks: Callbacks
    clock: Clock

    async def to_public(self, record: SessionRecord) -> dict[str, Any]:
        """Make the JSON that every client may see."""
        user, expires = copied(record.user), iso(record.expires_at)
        session = {
            "user": user,
            "expires": expires,
            "rev": record.rev,
            "amr": list(record.amr),
            "level": record.level,
        }
        if self.callbacks.session is not None:
            session = await self.callbacks.ask_session(session, _to_token(record))
        return session if record.actor is None else session | {"actor": to_public(record.actor)}

    def seconds_left(self, record: SessionRecord) -> int:
        """How long a session lives unless it is renewed; a second that has begun counts."""
        return max(0, math.ceil(record.expires_at - self.clock()))

    def issue_token(self, record: SessionRecord) -> str:
        """Issue a token for a session as it is now."""
        return self.tokens.encode(self._claims(record))

    async def build_for_sign_in(self, user: User, account: Account) -> Contents | None:
        """Ask the `jwt` callback what a new session holds; None if it denies the sign-in."""
        token = {"sub": user.id, "user": self.schema.adopt(user, {})}
        answer = await self.callbacks.ask_jwt(token, trigger="signIn", user=user, account=account)
        return None if answer is None else self._split(answer, user.id, {})

    async def build_for_update(
        self, record: SessionRecord, accepted: dict[str, Any]
    ) -> Contents | None:
        """Ask the `jwt` callback what the next revision holds; None if it ends the session."""
        user = {**record.user, **accepted}
        token = {**record.claims, "sub": record.user_id, "user": user}
        if self.callbacks.jwt is None:
            return self._split(token, record.user_id, record.user)
        answer = await self.callbacks.ask_jwt(token, trigger="update", session=accepted)
        return None if answer is None else self._split(answer, record.user_id, record.user)

    def _split(self, token: Token, user_id: str, before: dict[str, Any]) -> Contents:
        claims = {name: value for name, value in token.items() if name not in SESSION_CLAIMS}
        try:
            user = self.schema.read(token["user"])
            if user.id != user_id:
                raise ValueError("the user's id never changes")
            return self.schema.write(user, before), _as_json(claims) if claims else {}
        except (KeyError, TypeError, ValueError) as error:
            logger.exception("The callback 'jwt' returned what a token can't hold.")
            raise CallbackFailed from error

    def _claims(self, record: SessionRecord) -> Claims:
        now = int(self.clock())
        return Claims(
            sub=record.user_id,
            sid=record.id,
            jti=new_id(),
            iat=now,
            exp=min(max(now, int(record.expires_at)), now + self.tokens.max_age),
            rev=record.rev,
            user=record.user,
            amr=record.amr,
            level=record.level,
            extra=record.claims,
        )


def to_public(actor: Actor) -> dict[str, Any]:
    """Show who acts as the user, and why."""
    return actor.model_dump() | {"since": iso(actor.since), "until": iso(actor.until)}


def _as_json(claims: dict[str, Any]) -> dict[str, Any]:
    """Read claims as every reader of the token will, or raise an error."""
    read: dict[str, Any] = parse_json(json.dumps(claims).encode())
    return read


def _to_token(record: SessionRecord) -> Token:
    """Show a session to a callback as Auth.js shows its token."""
    return {**copied(record.claims), "sub": record.user_id, "user": copied(record.user)}


def copied(fields: dict[str, Any]) -> dict[str, Any]:
    """Copy JSON values, so that what an app does to them doesn't change the record."""
    return {name: value if type(value) in PLAIN else _copy(value) for name, value in fields.items()}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return copied(value)
    return [_copy(each) for each in value] if isinstance(value, list) else value
