"""Work that many ask for, and that is done once for all who asked meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")


class Coalescing(Generic[Key]):
    """Does something for a key soon: one at a time, and never more than once too late."""

    def __init__(
        self,
        act: Callable[[Key], Awaitable[None]],
        *,
        start: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """Make it.

        Args:
            act: What is to be done.
            start: Runs it in the background.
        """
        self._act = act
        self._start = start
        self._is_asked: dict[Key, bool] = {}

    def ask(self, key: Key) -> None:
        """Have it done for a key; does not wait."""
        if key in self._is_asked:
            self._is_asked[key] = True
        else:
            self._is_asked[key] = False
            self._start(self._run(key))

    async def _run(self, key: Key) -> None:
        try:
            await self._act(key)
        finally:  # whoever asked meanwhile is not let down, even if it failed
            if self._is_asked.pop(key):
                self.ask(key)
