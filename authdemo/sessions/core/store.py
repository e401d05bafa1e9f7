"""What a session store must do."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from .record import HistoryEntry, SessionRecord


class Attempt(NamedTuple):
    """Something that was tried, and that counts."""

    at: float
    is_over: bool


class SessionStore(Protocol):
    """Keeps session records, tickets of all kinds, and counts of what was tried.

    Whatever a method changes is durable when it returns. Every method raises
    `StoreUnavailable` when the store can't be reached or can't keep its word.
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
            The newest record, or None if there is no such session (any more).
        """

    async def replace(self, record: SessionRecord, *, expected: SessionRecord) -> bool:
        """Put a newer record in an older one's place at once, and remember its latest step.

        Args:
            record: The new record.
            expected: The record that it was made from. Its `steps` say which one that is:
                `rev` doesn't, since a renewal or a confirmation leaves it as it was.

        Returns:
            Whether it was done. False if the session is gone or has taken another step:
                read it again and try again.
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

    async def of_handle(self, handle: str) -> list[SessionRecord]:
        """List the sessions that go by a name at their provider.

        Args:
            handle: One of the `handles` that they were created with.

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
