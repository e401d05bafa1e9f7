"""Limits: on failed sign-ins, so that nobody tries passwords without end, and on haste."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from .attempts import Attempts
from .clock import Clock, system_clock
from .errors import CredentialsSignin, TooManyUpdates
from .networks import network
from .settings import Rate

if TYPE_CHECKING:
    from ..stores.base import SessionStore

ADDRESS_FACTOR = 10
"""How many times as often as one account all accounts together may fail from one address."""

_MOST_BUCKETS = 100_000


class FailureLimit:
    """Limits failed sign-ins, however many are tried at one moment and on however many workers.

    An account is limited for each address apart, so that a stranger can't lock its
    owner out; and each address is limited, so that it can't try one account after the other.
    """

    def __init__(self, store: SessionStore, rate: Rate, *, clock: Clock = system_clock) -> None:
        """Make a limit.

        Args:
            store: Where attempts are counted.
            rate: How many failures, in what time, per account and address.
            clock: The clock.
        """
        self._most = rate.count
        self._attempts = Attempts(store, rate.seconds, clock=clock)

    @asynccontextmanager
    async def attempt(self, account: str, address: str) -> AsyncIterator[None]:
        """Let an attempt in, and count it if it raises `CredentialsSignin`.

        Args:
            account: The account.
            address: Where the attempt comes from.

        Raises:
            TooManyAttempts: If either has failed too often; says when to come back.
            StoreUnavailable: If nobody can say.
        """
        here = network(address)
        async with (
            self._attempts.one(self._most, account, here, is_failure=_is_wrong),
            self._attempts.one(self._most * ADDRESS_FACTOR, here, is_failure=_is_wrong),
        ):
            yield


class AddressLimit:
    """Limits what is done from each address in a sliding window that all workers share."""

    def __init__(
        self, store: SessionStore, rate: Rate, name: str, *, clock: Clock = system_clock
    ) -> None:
        """Make a limit.

        Args:
            store: Where it is counted.
            rate: How often, in what time, per address.
            name: What is limited.
            clock: The clock.
        """
        self._most = rate.count
        self._name = name
        self._attempts = Attempts(store, rate.seconds, clock=clock)

    async def take(self, address: str) -> int:
        """Count one more from an address, unless there were too many.

        Args:
            address: The address.

        Returns:
            0 if it was let in, or else the seconds until one will be.

        Raises:
            StoreUnavailable: If nobody can say.
        """
        return await self._attempts.count(self._most, self._name, network(address))

    def attempt(
        self, address: str, *, is_failure: Callable[[Exception], bool]
    ) -> AbstractAsyncContextManager[None]:
        """Let an attempt in, and count it if it fails.

        Args:
            address: The address.
            is_failure: Tells whether what it raises counts.

        Returns:
            What the attempt is made in.

        Raises:
            TooManyAttempts: If too many failed from there; says when to come back.
            StoreUnavailable: If nobody can say.
        """
        return self._attempts.one(self._most, self._name, network(address), is_failure=is_failure)


class Bucket:
    """Lets so many through in so much time; short bursts are welcome (a token bucket)."""

    __slots__ = ("_clock", "_left", "_rate", "_seen")

    def __init__(self, rate: Rate, clock: Clock = system_clock) -> None:
        """Make a full bucket.

        Args:
            rate: How many at once, and in what time as many again.
            clock: The clock.
        """
        self._rate = rate
        self._clock = clock
        self._left = float(rate.count)
        self._seen = clock()

    def take(self) -> float:
        """Take one, if there is one.

        Returns:
            0 if there was, or else the seconds until there will be.
        """
        now = self._clock()
        per_second = self._rate.count / self._rate.seconds
        gained = max(0.0, now - self._seen) * per_second
        self._left, self._seen = min(self._rate.count, self._left + gained), now
        if self._left < 1:
            return (1 - self._left) / per_second
        self._left -= 1
        return 0.0


class UpdateLimit:
    """Limits how fast clients update each session, in this process."""

    def __init__(self, rate: Rate, *, clock: Clock = system_clock) -> None:
        """Make a limit.

        Args:
            rate: How many updates, in what time, per session.
            clock: The clock.
        """
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def count(self, sid: str) -> None:
        """Count an update.

        Args:
            sid: The session's id.

        Raises:
            TooManyUpdates: If there were too many; says when to come back.
        """
        bucket = self._buckets.get(sid) or Bucket(self._rate, self._clock)
        self._buckets[sid] = bucket
        self._buckets.move_to_end(sid)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if wait := bucket.take():
            raise TooManyUpdates(math.ceil(wait))


def _is_wrong(error: Exception) -> bool:
    return isinstance(error, CredentialsSignin)
