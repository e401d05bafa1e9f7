"""Finding sessions: by their tokens, their ids, their users."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from .endings import Endings
from .errors import StoreUnavailable, TokenError
from .fitting import IncompatibleUser, SchemaMigrator
from .record import HistoryEntry, SessionRecord
from .store import Ordered, SessionStore
from .tokens import Claims, TokenCodec
from .utils import Clock


class Verified(NamedTuple):
    """A token that was checked, and the living session that it belongs to."""

    token: str
    claims: Claims
    record: SessionRecord


class Lookup:
    """Finds the sessions that live.

    One whose time is over ends when it is looked for, and so does one whose user doesn't fit the
    app's user model, because another version of the app kept it.
    """

    def __init__(
        self,
        *,
        store: SessionStore,
        tokens: TokenCodec,
        endings: Endings,
        fitting: SchemaMigrator,
        clock: Clock,
    ) -> None:
        self.store = store
        self._tokens = tokens
        self._endings = endings
        self._fitting = fitting
        self._known = fitting.known
        self._clock = clock

    async def verify(self, token: str) -> Verified | None:
        """Check a token and find its session."""
        try:
            return await self.check(token)
        except TokenError:
            return None

    async def check(self, token: str) -> Verified:
        """Check a token as `verify` does, and say why it is no good; never tell its bearer."""
        claims = self._tokens.decode(token)
        record = await self.find(claims.sid)
        if record is None:
            raise TokenError("The token's session has ended.", reason="session")
        if record.user_id != claims.sub:
            raise TokenError("The token's session belongs to another user.", reason="owner")
        return Verified(token, claims, record)

    async def find(self, sid: str) -> SessionRecord | None:
        """Find a living session."""
        record = await self.store.get(sid)
        if record is None or record.expires > self._clock():
            return record and await self._fit(record)
        newest = await self.newest(sid)  # which may live longer
        await newest.durable()
        return newest.record

    async def newest(self, sid: str, *, known: SessionRecord | None = None) -> Ordered:
        """Find the record that the next change of a living session is made from.

        Args:
            sid: The session's id.
            known: The session as it was found a moment ago.

        Returns:
            The record, which may not be durable yet; None if the session is over.

        Raises:
            StoreUnavailable: If the store can't say.
        """
        newest = await self.store.newest(sid, known=known)
        record = newest.record
        if record is None or record is known:
            return newest
        if record.expires > self._clock():
            # What waits for the disk was made by this process, so it fits.
            return newest if newest.commit else Ordered(await self._fit(record))
        with suppress(StoreUnavailable):  # it is over, whether or not it can be forgotten now
            await self._endings.end(sid, "expired")
        return Ordered(None)

    async def of_user(self, user_id: str) -> list[SessionRecord]:
        """List a user's living sessions, newest first."""
        return await self._living(await self.store.of_user(user_id))

    async def list_with_history(
        self, user_id: str
    ) -> list[tuple[SessionRecord, list[HistoryEntry]]]:
        """List a user's living sessions and how they came to be what they are."""
        records = await self.of_user(user_id)
        return [(record, await self.store.history(record.id)) for record in records]

    async def named(self, handle: str) -> list[SessionRecord]:
        """List the living sessions that go by a name at their provider; see `of_handle`."""
        return await self._living(await self.store.of_handle(handle))

    async def _living(self, records: list[SessionRecord]) -> list[SessionRecord]:
        now = self._clock()
        fitting = [await self._fit(record) for record in records if record.expires > now]
        return [record for record in fitting if record is not None]

    async def _fit(self, record: SessionRecord) -> SessionRecord | None:
        if self._known.get(record.id) is record:
            return record
        try:
            return self._fitting.fit(record)
        except IncompatibleUser as misfit:
            with suppress(StoreUnavailable):  # it is over, whether or not it can be forgotten now
                await self._endings.end(record.id, "outdated", fields=misfit.fields)
            return None
