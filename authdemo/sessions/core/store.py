"""The protocol of a session store."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple, Protocol

from .record import HistoryEntry, SessionRecord


class Attempt(NamedTuple):
    """An attempt that counts against a limit: it is running, or it has failed."""

    at: float
    has_failed: bool


class Ordered(NamedTuple):
    """A session's record in the order of its changes, which may not be durable yet.

    Attributes:
        record: The record; None if there is no such session.
        commit: Ends when the record is durable, or fails with `StoreUnavailable`, as do all
            changes that follow it; None if the record is durable already.
    """

    record: SessionRecord | None
    commit: asyncio.Future[Any] | None = None


class SessionStore(Protocol):
    """Keeps session records, one-time values and attempts.

    What a method reads is durable, and what it changes is durable when it returns; only `newest`
    and `replace` return an `Ordered`. Times are in seconds since 1970. Every method raises
    `StoreUnavailable` when the store can't be reached or can't write.
    """

    async def open(self) -> None:
        """Start to serve. Raises `ConfigurationError` if the store can't be used."""

    async def close(self) -> None:
        """Commit what is pending, and release all resources."""

    async def create(self, record: SessionRecord) -> None:
        """Add a new session, and `last_change` to its history."""

    async def get(self, sid: str) -> SessionRecord | None:
        """Find a session's newest durable record."""

    async def newest(self, sid: str, *, known: SessionRecord | None = None) -> Ordered:
        """Find the record that the next change must be made from; it may not be durable.

        A store on another machine may return `known`, which was found a moment ago:
        `replace` fails if it isn't the newest.
        """

    async def replace(self, record: SessionRecord, *, expected: SessionRecord) -> Ordered | None:
        """Compare and swap: order that a record replaces the one with `expected.version`.

        It adds `last_change` to the history if the version differs. Returns None if the session
        has ended or has another version: find the newest and try again.
        """

    async def delete(self, sid: str) -> SessionRecord | None:
        """End a session for good, and return its last record."""

    async def of_user(self, user_id: str) -> list[SessionRecord]:
        """List a user's sessions, newest first."""

    async def of_provider_id(self, provider_id: str) -> list[SessionRecord]:
        """List the sessions that were created with a provider's id, in any order."""

    async def history(self, sid: str) -> list[HistoryEntry]:
        """List a session's latest `MAX_HISTORY` history entries, oldest first."""

    async def put_value(self, key: str, value: str, *, expires: float) -> None:
        """Keep a one-time value, and replace the one with the same key."""

    async def find_value(self, key: str, *, now: float) -> str | None:
        """Read a one-time value that hasn't expired, and keep it."""

    async def consume_value(self, key: str, *, now: float) -> str | None:
        """Delete a one-time value, and return it, to one caller only, unless it has expired."""

    async def begin_attempt(
        self, key: str, attempt: str, *, at: float, window: float, limit: int
    ) -> list[Attempt] | None:
        """Count a new attempt, in one step, unless `limit` attempts of this key count already.

        An attempt counts for `window` seconds. Returns None, or the counted attempts, oldest first.
        """

    async def end_attempt(self, key: str, attempt: str, *, failed: bool) -> None:
        """Stop counting an attempt, if it is counted, unless it has failed."""

    async def sweep(self, now: float) -> int:
        """Delete what has expired. Returns how many sessions; each is counted by one worker."""
