"""What a session store must do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from .record import HistoryEntry, SessionRecord


class Attempt(NamedTuple):
    """Something that was tried, and that counts."""

    at: float
    is_over: bool


@dataclass(frozen=True, slots=True)
class Ordered:
    """A session's record in the order of its changes, which may not be durable yet.

    Attributes:
        record: The record; None if the session is gone.
        commit: Ends when the record is durable, or fails with `StoreUnavailable`; None if it
            is durable already.
    """

    record: SessionRecord | None
    commit: asyncio.Future[Any] | None = None

    async def durable(self) -> None:
        """Wait until the record is durable: before that, nobody may learn of it.

        Raises:
            StoreUnavailable: If it can't be made durable. Then nothing that was made from it is
                durable, either.
        """
        if self.commit is not None:
            await asyncio.shield(self.commit)


class SessionStore(Protocol):
    """Keeps session records, tickets of all kinds, and counts of what was tried.

    Whatever a method finds is durable, and whatever it changes is durable when it returns; only
    `newest` and `replace` say themselves when it is. Every method raises `StoreUnavailable`
    when the store can't be reached or can't keep its word.
    """

    async def open(self) -> None:
        """Get ready to serve.

        Raises:
            ConfigurationError: If the store can't be used as it is set up.
        """

    async def close(self) -> None:
        """Let go of everything."""

    async def create(self, record: SessionRecord) -> None:
        """Keep a new session, and remember its first step.

        Args:
            record: The session; its id is new.
        """

    async def get(self, sid: str) -> SessionRecord | None:
        """Find a session.

        Args:
            sid: The session's id.

        Returns:
            The newest durable record, or None if there is no such session (any more).
        """

    async def newest(self, sid: str, *, known: SessionRecord | None = None) -> Ordered:
        """Find the record that the next change of a session has to be made from.

        Args:
            sid: The session's id.
            known: The record that was found a moment ago. A store that would have to ask another
                machine may take it for the newest: `replace` finds out if it isn't.

        Returns:
            The record, which may not be durable yet.
        """

    async def replace(self, record: SessionRecord, *, expected: SessionRecord) -> Ordered | None:
        """Order that a newer record takes an older one's place; its latest step is remembered.

        Args:
            record: The new record.
            expected: The record that it was made from. Its `version` says which one that is:
                `rev` doesn't, since a renewal or a confirmation leaves it as it was.

        Returns:
            The record, to wait for until it is durable. None if the session is gone or has
                taken another step: find its newest record and try again.
        """

    async def delete(self, sid: str) -> SessionRecord | None:
        """End a session for good.

        Args:
            sid: The session's id.

        Returns:
            The last record, or None if there was no such session.
        """

    async def of_user(self, user_id: str) -> list[SessionRecord]:
        """List a user's sessions.

        Args:
            user_id: The user's id.

        Returns:
            The records, newest first.
        """

    async def history(self, sid: str) -> list[HistoryEntry]:
        """Tell how a session came to be what it is.

        Args:
            sid: The session's id.

        Returns:
            Its latest steps, at most `MAX_HISTORY`, oldest first; none if there is no such
                session (any more).
        """

    async def of_provider_id(self, provider_id: str) -> list[SessionRecord]:
        """List the sessions that go by a name at their provider.

        Args:
            provider_id: One of the `provider_ids` that they were created with.

        Returns:
            The records, in any order.
        """

    async def put_ticket(self, ticket: str, payload: str, *, expires: float) -> None:
        """Keep a ticket.

        Args:
            ticket: The ticket's id; an older one by that id is replaced.
            payload: What it stands for.
            expires: When it becomes worthless, in seconds since 1970.
        """

    async def find_ticket(self, ticket: str, *, now: float) -> str | None:
        """Read a ticket, which stays good.

        Args:
            ticket: The ticket's id.
            now: The time, in seconds since 1970.

        Returns:
            What it stands for, or None if it is unknown, used or too old.
        """

    async def take_ticket(self, ticket: str, *, now: float) -> str | None:
        """Use a ticket up.

        Args:
            ticket: The ticket's id.
            now: The time, in seconds since 1970.

        Returns:
            What it stood for, or None if it is unknown, used or too old.
        """

    async def begin_attempt(
        self, key: str, attempt: str, *, at: float, window: float, most: int
    ) -> list[Attempt] | None:
        """Count an attempt that begins, unless there are too many, as one step.

        Args:
            key: What is counted together.
            attempt: The attempt's id; it is new.
            at: When it begins, in seconds since 1970.
            window: For how many seconds it counts, unless it ends without having failed.
            most: How many may count at one time.

        Returns:
            None if it may begin, or else those that count, oldest first.
        """

    async def end_attempt(self, key: str, attempt: str, *, failed: bool) -> None:
        """Tell how an attempt ended: one that failed goes on counting, and no other.

        Args:
            key: What it is counted with.
            attempt: The attempt's id; one that isn't counted (any more) is nothing to end.
            failed: Whether it failed.
        """

    async def sweep(self, now: float) -> int:
        """Forget what has expired.

        Args:
            now: The time, in seconds since 1970.

        Returns:
            How many sessions were forgotten, each counted once by whichever worker does it,
                also if it is gone from the store already. `delete` counts none.
        """
