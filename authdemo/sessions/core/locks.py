"""Taking turns."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from weakref import WeakValueDictionary


class Locks:
    """A lock for every name, kept for as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        """Make locks for this process."""
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    def of(self, *name: str) -> asyncio.Lock:
        """Find the lock of a name.

        Args:
            *name: What may happen once at a time.

        Returns:
            The lock, to be used in `async with`.
        """
        return self._locks.setdefault(name, asyncio.Lock())
