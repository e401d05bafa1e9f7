"""How fast something may go on."""

from __future__ import annotations

import math
from collections import OrderedDict

from ..basics.clock import Clock, system_clock
from ..config.settings import Rate
from ..errors import TooManyUpdates

_MOST_BUCKETS = 100_000


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
