"""From one revision of a session to the next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import Any, Protocol

from .authorship import ClaimsBuilder
from .errors import AuthError, NotAuthenticated, TokenTooLarge, UpdateRejected
from .fitting import SchemaMigrator
from .record import Cause, Device, SessionRecord
from .serializers import Serializers
from .settings import SessionOptions
from .store import Ordered, SessionStore
from .utils import Clock, Locks


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """A session at its newest revision."""

    record: SessionRecord
    session: dict[str, Any]
    token: str
    is_new: bool


class Newest(Protocol):
    """Finds the record that the next change of a living session is made from."""

    async def __call__(self, sid: str, *, known: SessionRecord | None = None) -> Ordered:
        """Find it; see `Lookup.newest`."""


@dataclass(frozen=True, eq=False)
class Revisions:
    """Takes sessions to their next revisions, one at a time for each."""

    _: KW_ONLY
    store: SessionStore
    newest: Newest
    end: Callable[[str], Awaitable[None]]
    faces: Serializers
    authorship: ClaimsBuilder
    fitting: SchemaMigrator
    options: SessionOptions
    clock: Clock
    _locks: Locks = field(default_factory=Locks, init=False)

    async def advance(
        self,
        sid: str,
        accept: Callable[[SessionRecord], dict[str, Any]],
        cause: Cause,
        *,
        is_used: bool = True,
        device: Device | None = None,
        known: SessionRecord | None = None,
    ) -> UpdateResult:
        """Take a session to its next revision, unless nothing differs."""
        turn = self._locks.of(sid)
        known = None if turn.is_taken else known
        next_of = partial(self._next, accept=accept, cause=cause, device=device, is_used=is_used)
        async with turn:  # until the commit is ordered, not until it is durable
            revised, ordered = await self._order(sid, known, next_of)
        await ordered.durable()
        if revised.is_new:
            self.fitting.know(revised.record)
        return revised

    async def _order(
        self,
        sid: str,
        known: SessionRecord | None,
        next_of: Callable[[SessionRecord], Awaitable[UpdateResult]],
    ) -> tuple[UpdateResult, Ordered]:
        while True:
            newest, known = await self.newest(sid, known=known), None
            if newest.record is None:
                await newest.durable()
                raise NotAuthenticated
            try:
                revised = await next_of(newest.record)
            except AuthError:
                await newest.durable()  # the error tells of the record, too
                raise
            if not revised.is_new:
                return revised, newest
            ordered = await self.store.replace(revised.record, expected=newest.record)
            if ordered is not None:
                return revised, ordered

    async def _next(
        self,
        record: SessionRecord,
        *,
        accept: Callable[[SessionRecord], dict[str, Any]],
        cause: Cause,
        device: Device | None,
        is_used: bool,
    ) -> UpdateResult:
        accepted = accept(record)
        if not accepted:
            return await self.show(record)
        return await self._revise(record, accepted, cause, device, is_used=is_used)

    async def show(self, record: SessionRecord, *, is_new: bool = False) -> UpdateResult:
        """Show a session at its present revision."""
        token = self.faces.issue_token(record)
        return UpdateResult(record, await self.faces.public(record), token, is_new)

    async def _revise(
        self,
        record: SessionRecord,
        accepted: dict[str, Any],
        cause: Cause,
        device: Device | None,
        *,
        is_used: bool,
    ) -> UpdateResult:
        contents = await self.authorship.for_update(record, accepted)
        if contents is None:
            await self.end(record.id)
            raise NotAuthenticated("The session was ended by the app.")
        fields, claims = contents
        now = self.clock()
        expires = now + self.options.max_age if is_used else None
        revised = record.revised(
            fields, claims, at=now, cause=cause, device=device, expires=expires
        )
        try:
            return await self.show(revised, is_new=True)
        except TokenTooLarge as error:
            raise _too_large(accepted, error) from error


def _too_large(accepted: Mapping[str, Any], error: TokenTooLarge) -> UpdateRejected:
    largest = max(accepted, key=lambda name: len(str(accepted[name])))
    return UpdateRejected(
        f"The {largest} is too long. {error.message}", field=largest, reason="too_large"
    )
