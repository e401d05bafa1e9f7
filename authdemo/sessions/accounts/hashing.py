"""Threads that hash, so that the event loop never waits."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .turns import Turns

T = TypeVar("T")

MAX_MEMORY = 512 * 1024
"""KiB that all hashes of a process take at once, unless a single one takes more."""

MAX_WAITING = 256
"""How many requests may wait; the next one would wait for longer than people do."""


class Hashing:
    """Makes as many hashes at once as there are cores, and as memory allows."""

    def __init__(self, memory_cost: int) -> None:
        """Start with none under way.

        Args:
            memory_cost: KiB that one hash takes.
        """
        count = at_once(memory_cost, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="passwords")
        self._turns = Turns(count, MAX_WAITING)

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Have something hashed while everyone else goes on.

        Args:
            work: What to do, in a thread.
            *arguments: What it takes.

        Returns:
            What it returned.

        Raises:
            AccountsUnavailable: If too many are waiting already.
            ConnectionLost: If the sender has left before its turn.
        """
        async with self._turns.one():
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work, *arguments)


def at_once(memory_cost: int, cores: int) -> int:
    """Decide how many hashes run at once.

    Args:
        memory_cost: KiB that one takes.
        cores: How many cores there are.

    Returns:
        One for each core, as far as `MAX_MEMORY` allows, and at least one.
    """
    return max(1, min(cores, MAX_MEMORY // memory_cost))
