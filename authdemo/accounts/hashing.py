"""Password hashes, made in threads: as many at once as cores and memory allow, in fair turns."""

from __future__ import annotations

import asyncio
import os
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from authdemo.sessions.errors import ConnectionLost
from authdemo.sessions.providers import Sender, current_sender

from .errors import AccountsUnavailable

T = TypeVar("T")

MAX_MEMORY = 512 * 1024
"""KiB that all new hashes of a process take at once, unless a single one takes more."""

MAX_WAITING = 256
"""How many requests may wait; the next one would wait too long."""


class HashingPool:
    """Makes as many hashes at once as there are cores, and as memory allows."""

    def __init__(self, memory_cost: int) -> None:
        count = at_once(memory_cost, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="passwords")
        self._semaphore = FairSemaphore(count, MAX_WAITING)

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Run a hash in a thread."""
        async with self._semaphore.acquired():
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work, *arguments)


def at_once(memory_cost: int, cores: int) -> int:
    """Decide how many hashes run at once."""
    return max(1, min(cores, MAX_MEMORY // memory_cost))


class _Waiter(NamedTuple):
    sender: Sender
    turn: asyncio.Future[None]


@dataclass(eq=False)
class FairSemaphore:
    """Lets so many requests through at once.

    The network with the fewest requests under way comes next, so that one with many requests
    doesn't hold up the first request of another.
    """

    at_once: int
    max_waiting: int
    _underway: Counter[str] = field(default_factory=Counter, init=False)
    _waiting: dict[str, deque[_Waiter]] = field(default_factory=dict, init=False)

    @asynccontextmanager
    async def acquired(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it."""
        sender = current_sender()
        if sender.has_left():
            raise ConnectionLost
        if self.at_once:
            self.at_once -= 1
            self._underway[sender.network] += 1
        else:
            await self._wait(sender)
        try:
            yield
        finally:
            self._pass_on(sender.network)

    async def _wait(self, sender: Sender) -> None:
        if self._is_full():
            self._make_room(sender.network)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(sender.network, deque()).append(_Waiter(sender, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on(sender.network)
            raise

    def _is_full(self) -> bool:
        return sum(map(len, self._waiting.values())) >= self.max_waiting

    def _make_room(self, network: str) -> None:
        """Drop the waiters of those that gave up, or else the last one of the largest crowd."""
        for here, waiters in list(self._waiting.items()):
            self._keep(here, deque(waiter for waiter in waiters if not _has_given_up(waiter)))
        if not self._is_full():
            return
        crowd = max(self._waiting, key=lambda here: len(self._waiting[here]))
        if len(self._waiting[crowd]) <= len(self._waiting.get(network, ())) + 1:
            raise AccountsUnavailable
        self._waiting[crowd].pop().turn.set_exception(AccountsUnavailable())

    def _pass_on(self, network: str) -> None:
        """Give a turn that ends to the next one; its own address still counts as having it."""
        while self._waiting:
            here = min(self._waiting, key=lambda each: self._underway[each])
            waiters = self._waiting.pop(here)
            waiter = waiters.popleft()
            self._keep(here, waiters)  # behind the other addresses
            if not _has_given_up(waiter):
                self._underway[here] += 1
                waiter.turn.set_result(None)
                break
        else:
            self.at_once += 1
        self._underway[network] -= 1
        if not self._underway[network]:
            del self._underway[network]

    def _keep(self, network: str, waiters: deque[_Waiter]) -> None:
        if waiters:
            self._waiting[network] = waiters
        else:
            self._waiting.pop(network, None)


def _has_given_up(waiter: _Waiter) -> bool:
    """Tell whether a request has given up, and end its wait if its sender has left."""
    if not waiter.turn.done() and waiter.sender.has_left():
        waiter.turn.set_exception(ConnectionLost())
    return waiter.turn.done()
