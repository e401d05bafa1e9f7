"""Threads that hash, so that the event loop never waits."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .errors import AccountsUnavailable

T = TypeVar("T")

_AT_ONCE = max(1, (os.cpu_count() or 1) // 4)
"""A hash takes four cores if it can (RFC 9106, section 4); more at once would only leave none."""

_MOST_WAITING = 128 * _AT_ONCE
"""How many may wait; whoever came after them would wait for longer than anybody does."""


class Hashing:
    """Has hashes made one after the other, for no more people than will wait."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="passwords")
        self._waiting = 0

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Have something hashed while everyone else goes on.

        Args:
            work: What to do, in a thread.
            *arguments: What it takes.

        Returns:
            What it returned.

        Raises:
            AccountsUnavailable: If too many are waiting already.
        """
        if self._waiting >= _MOST_WAITING:
            raise AccountsUnavailable
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1
