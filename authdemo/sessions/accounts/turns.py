"""Turns: so many at once, and the addresses that wait take them fairly."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from ..core.errors import ConnectionLost
from ..core.limits.senders import Sender, current_sender
from .errors import AccountsUnavailable


class _Place(NamedTuple):
    sender: Sender
    turn: asyncio.Future[None]


class Turns:
    """Gives turns to so many at once.

    The address with the fewest turns under way comes next, so that one with many requests
    doesn't hold up the first request of another.
    """

    def __init__(self, at_once: int, max_waiting: int) -> None:
        """Start with all turns free.

        Args:
            at_once: How many turns there are.
            max_waiting: How many requests may wait for one.
        """
        self._free = at_once
        self._max_waiting = max_waiting
        self._underway: Counter[str] = Counter()
        self._waiting: dict[str, deque[_Place]] = {}

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it.

        Raises:
            AccountsUnavailable: If too many wait already.
            ConnectionLost: If the sender has left before its turn.
        """
        sender = current_sender()
        if sender.has_left():
            raise ConnectionLost
        if self._free:
            self._free -= 1
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
        self._waiting.setdefault(sender.network, deque()).append(_Place(sender, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on(sender.network)
            raise

    def _is_full(self) -> bool:
        return sum(map(len, self._waiting.values())) >= self._max_waiting

    def _make_room(self, network: str) -> None:
        """Drop the places of those that gave up, or else the last one of the largest crowd."""
        for here, places in list(self._waiting.items()):
            self._keep(here, deque(place for place in places if not _is_over(place)))
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
            places = self._waiting.pop(here)
            place = places.popleft()
            self._keep(here, places)  # behind the other addresses
            if not _is_over(place):
                self._underway[here] += 1
                place.turn.set_result(None)
                break
        else:
            self._free += 1
        self._underway[network] -= 1
        if not self._underway[network]:
            del self._underway[network]

    def _keep(self, network: str, places: deque[_Place]) -> None:
        if places:
            self._waiting[network] = places
        else:
            self._waiting.pop(network, None)


def _is_over(place: _Place) -> bool:
    """Tell whether a request has given up, and end its wait if its sender has left."""
    if not place.turn.done() and place.sender.has_left():
        place.turn.set_exception(ConnectionLost())
    return place.turn.done()
