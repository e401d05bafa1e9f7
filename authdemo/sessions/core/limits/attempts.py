"""So many attempts in so much time: a sliding window in the store that all workers share."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ..basics.clock import Clock
from ..basics.ids import new_id
from ..basics.locks import Locks
from ..errors import TooManyAttempts
from ..store import SessionStore

PATIENCE = 10
"""How many seconds others wait to see whether an attempt under way fails."""

_PAUSE = 0.05


class Attempts:
    """Counts attempts before they are made, and forgets those that did not fail.

    So no more can be under way or have failed than are allowed. Whoever comes while that
    many are under way waits, since these may not fail. What nobody ends, as when a worker
    dies, counts until the window is over.
    """

    def __init__(self, store: SessionStore, window: float, *, clock: Clock) -> None:
        """Begin to count.

        Args:
            store: Where attempts are counted.
            window: How many seconds one counts.
            clock: The clock.
        """
        self._store = store
        self._window = window
        self._clock = clock
        self._turns = Locks()

    @asynccontextmanager
    async def one(
        self, most: int, *name: str, is_failure: Callable[[Exception], bool]
    ) -> AsyncIterator[None]:
        """Make an attempt, if it may be made.

        Args:
            most: How many may fail.
            *name: What is counted together.
            is_failure: Tells whether what it raises counts; what ends otherwise does not.

        Raises:
            TooManyAttempts: If too many have failed; says when to come back.
            StoreUnavailable: If nobody can say.
        """
        key, attempt, failed = _key(*name), new_id(), False
        if wait := await self._begin(key, attempt, most):
            raise TooManyAttempts(wait)
        try:
            yield
        except Exception as error:
            failed = is_failure(error)
            raise
        finally:
            await self._end(key, attempt, failed=failed)

    async def count(self, most: int, *name: str) -> int:
        """Count an attempt, whatever becomes of it.

        Args:
            most: How many there may be.
            *name: What is counted together.

        Returns:
            0 if it may be made, or else the seconds until one may be.

        Raises:
            StoreUnavailable: If nobody can say.
        """
        key, attempt = _key(*name), new_id()
        wait = await self._begin(key, attempt, most)
        if not wait:
            await self._end(key, attempt, failed=True)
        return wait

    async def _begin(self, key: str, attempt: str, most: int) -> int:
        """Wait for one's turn to ask, so that one in each worker asks again and again."""
        try:
            async with self._turns.of(key):
                return await self._ask(key, attempt, most)
        except asyncio.CancelledError:
            await self._end(key, attempt, failed=False)
            raise

    async def _ask(self, key: str, attempt: str, most: int) -> int:
        while True:
            now = self._clock()
            counted = await self._store.begin_attempt(
                key, attempt, at=now, window=self._window, most=most
            )
            if counted is None:
                return 0
            failed = [each.at for each in counted if each.is_over or abs(now - each.at) >= PATIENCE]
            if len(failed) >= most:
                return max(1, math.ceil(failed[-most] + self._window - now))
            await asyncio.sleep(_PAUSE)

    async def _end(self, key: str, attempt: str, *, failed: bool) -> None:
        """Say how an attempt ended, even if whoever made it is gone."""
        await asyncio.shield(self._store.end_attempt(key, attempt, failed=failed))


def _key(*parts: str) -> str:
    """Name what is counted; what people typed into a form is not kept."""
    text = "\0".join(parts).encode("utf-8", "replace")
    return hashlib.sha256(text).hexdigest()
