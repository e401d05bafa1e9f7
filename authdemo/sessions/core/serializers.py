"""Two faces of a session, the token and the JSON, and what an inspector sees of them.

The third, the view in each tab, shows the JSON; see `reflex/tabs`.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

from .authorship import token_of
from .callbacks import Callbacks
from .record import HistoryEntry, SessionRecord
from .schema import UserSchema
from .tokens import MAX_TOKEN_BYTES, Claims, TokenCodec
from .users import User
from .utils import Clock, iso, new_id


@dataclass(frozen=True, eq=False)
class Serializers:
    """Shows session records; changes none."""

    _: KW_ONLY
    tokens: TokenCodec
    schema: UserSchema
    callbacks: Callbacks
    clock: Clock

    def public(self, record: SessionRecord) -> Awaitable[dict[str, Any]]:
        """Show a session the way everyone may see it."""
        session = {
            "user": record.fields(),
            "expires": iso(record.expires),
            "rev": record.rev,
        }
        return self.callbacks.ask_session(session, partial(token_of, record))

    def seconds_left(self, record: SessionRecord) -> int:
        """How long a session lives unless it is renewed; a second that has begun counts."""
        return max(0, math.ceil(record.expires - self.clock()))

    def user(self, record: SessionRecord) -> User:
        """Read the user of a record as the app's own type."""
        return self.schema.read(record.user)

    def issue_token(self, record: SessionRecord) -> str:
        """Make a token that shows the session as it is."""
        return self.tokens.encode(self._claims(record))

    def check_size(self, record: SessionRecord) -> None:
        """Check that a cookie can carry a session's token."""
        self.tokens.check_size(self._claims(record))

    def _claims(self, record: SessionRecord) -> Claims:
        now = int(self.clock())
        return Claims(
            sub=record.user_id,
            sid=record.id,
            jti=new_id(),
            iat=now,
            exp=min(max(now, int(record.expires)), now + self.tokens.max_age),
            rev=record.rev,
            user=record.user,
            extra=record.claims,
        )

    def inspect(
        self, token: str, record: SessionRecord, history: Sequence[HistoryEntry]
    ) -> dict[str, Any]:
        """Show what a token says, and how its session came to be what it is."""
        return {
            **self.tokens.describe(token),
            "limit": MAX_TOKEN_BYTES,
            "rev": record.rev,
            "history": [step.model_dump() for step in reversed(history)],
        }
