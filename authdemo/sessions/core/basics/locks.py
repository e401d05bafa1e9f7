"""Taking turns."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from types import TracebackType


class Locks:
    """A lock for every name, kept for as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        """Make locks for this process."""
        self._turns: dict[Hashable, Turn] = {}

    def of(self, *name: str) -> Turn:
        """Find the lock of a name.

        Args:
            *name: What may happen once at a time.

        Returns:
            The lock, to be used in one `async with`.
        """
        turn = self._turns.get(name)
        if turn is None:
            turn = self._turns[name] = Turn(self._turns, name)
        return turn


class Turn:
    """One name's lock, which forgets itself when nobody needs it any more."""

    __slots__ = ("_lock", "_name", "_turns", "_users")

    def __init__(self, turns: dict[Hashable, Turn], name: Hashable) -> None:
        """Make a lock that nobody holds.

        Args:
            turns: Where it is kept.
            name: By which name.
        """
        self._turns = turns
        self._name = name
        self._users = 0
        self._lock: asyncio.Lock | None = None

    @property
    def is_taken(self) -> bool:
        """Whether somebody holds it, or waits for it."""
        return self._users > 0

    async def __aenter__(self) -> None:
        """Wait for one's turn; whoever comes first, and alone, needn't."""
        self._users += 1
        if self._users == 1:
            return
        try:
            if self._lock is None:
                self._lock = asyncio.Lock()
                await self._lock.acquire()
            await self._lock.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the next one have a turn."""
        if self._lock is not None:
            self._lock.release()
        self._leave()

    def _leave(self) -> None:
        self._users -= 1
        if self._users == 0:
            self._lock = None
            self._turns.pop(self._name, None)
