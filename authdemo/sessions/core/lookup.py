"""Finding sessions: by their tokens, their ids, their users."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from .clock import Clock
from .endings import Endings
from .errors import StoreUnavailable, TokenError
from .record import Revision, SessionRecord
from .tokens import Claims, TokenCodec

if TYPE_CHECKING:
    from ..stores.base import SessionStore


class Verified(NamedTuple):
    """A token that was checked, and the living session that it belongs to.

    Attributes:
        token: The token.
        claims: What it says, which may be old.
        record: What is so.
    """

    token: str
    claims: Claims
    record: SessionRecord


class Lookup:
    """Finds the sessions that live; one whose time is over ends when it is looked for.

    Attributes:
        store: Where the records are.
    """

    def __init__(
        self, *, store: SessionStore, tokens: TokenCodec, endings: Endings, clock: Clock
    ) -> None:
        """Put the parts together.

        Args:
            store: Where the records are.
            tokens: Verifies tokens.
            endings: Ends sessions whose time is over.
            clock: The clock.
        """
        self.store = store
        self._tokens = tokens
        self._endings = endings
        self._clock = clock

    async def verify(self, token: str) -> Verified | None:
        """Check a token and find its session.

        Args:
            token: The cookie's value.

        Returns:
            Both, or None if the token is no good or its session is over.

        Raises:
            StoreUnavailable: If the store can't say.
        """
        try:
            return await self.check(token)
        except TokenError:
            return None

    async def check(self, token: str) -> Verified:
        """Check a token as `verify` does, and say why it is no good; never tell its bearer.

        Args:
            token: The cookie's value.

        Returns:
            The token and its session.

        Raises:
            TokenError: If it is no good, or its session is over; its `reason` says which.
            StoreUnavailable: If the store can't say.
        """
        claims = self._tokens.decode(token)
        record = await self.find(claims.sid)
        if record is None:
            raise TokenError("The token's session is over.", reason="session")
        if record.user_id != claims.sub:
            raise TokenError("The token's session is another user's.", reason="owner")
        return Verified(token, claims, record)

    async def find(self, sid: str) -> SessionRecord | None:
        """Find a living session.

        Args:
            sid: The session's id.

        Returns:
            The newest record, or None if the session is over.

        Raises:
            StoreUnavailable: If the store can't say.
        """
        record = await self.store.get(sid)
        if record is None or record.expires > self._clock():
            return record
        with suppress(StoreUnavailable):  # it is over, whether or not it can be forgotten now
            await self._endings.end(record.id, "expired")
        return None

    async def of_user(self, user_id: str) -> list[SessionRecord]:
        """List a user's living sessions, newest first.

        Args:
            user_id: The user's id.

        Returns:
            The records.
        """
        now = self._clock()
        return [record for record in await self.store.of_user(user_id) if record.expires > now]

    async def lives_of(self, user_id: str) -> list[tuple[SessionRecord, list[Revision]]]:
        """List a user's living sessions and how they came to be what they are.

        Args:
            user_id: The user's id.

        Returns:
            The records, newest first, each with its history, oldest step first.
        """
        records = await self.of_user(user_id)
        return [(record, await self.store.history(record.id)) for record in records]

    async def named(self, handle: str) -> list[SessionRecord]:
        """List the living sessions that go by a name at their provider; see `of_handle`.

        Args:
            handle: The name.

        Returns:
            The records.
        """
        now = self._clock()
        return [record for record in await self.store.of_handle(handle) if record.expires > now]
