"""What a provider said: kept while it is fresh, and not asked for all the time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import httpx

from ..core.basics.clock import Clock
from ..core.errors import OAuthCallbackError

FRESH_SECONDS = 3600
"""How long an answer is believed."""

AGAIN_AFTER = 10
"""Seconds from one question to the next, whatever became of the first."""

T = TypeVar("T")


class Remembered(Generic[T]):
    """One answer of a provider, for everybody who needs it."""

    def __init__(self, ask: Callable[[httpx.AsyncClient], Awaitable[T]], *, clock: Clock) -> None:
        """Begin without having asked.

        Args:
            ask: Asks the provider.
            clock: The clock.
        """
        self._ask = ask
        self._clock = clock
        self._answer: T | None = None
        self._answered = self._asked = -math.inf
        self._trouble = OAuthCallbackError(
            "The provider can't be reached right now.", reason="unreachable"
        )
        self._lock = asyncio.Lock()

    async def read(self, http: httpx.AsyncClient, *, anew: bool = False) -> T:
        """Read the answer, and ask if that is due.

        Args:
            http: What asks.
            anew: Whether the answer that is known won't do.

        Returns:
            The answer, at most an hour old. If it won't do but was asked for just now, it is
            the same again. A clock that steps back makes neither last longer.

        Raises:
            OAuthCallbackError: If there is none; for some seconds without another question.
        """
        async with self._lock:
            now = self._clock()
            fresh = self._answer if abs(now - self._answered) <= FRESH_SECONDS else None
            if (fresh is None or anew) and abs(now - self._asked) >= AGAIN_AFTER:
                return await self._renewed(http, now)
            if fresh is None:
                raise OAuthCallbackError(self._trouble.message, reason=self._trouble.reason)
            return fresh

    async def _renewed(self, http: httpx.AsyncClient, now: float) -> T:
        self._asked = now
        try:
            answer = await self._ask(http)
        except OAuthCallbackError as error:
            self._trouble = error
            raise
        self._answer, self._answered = answer, now
        return answer
