"""A limit on failures, so that passwords can't be tried without end."""

from __future__ import annotations

import math
from collections import OrderedDict, deque

from .clock import Clock, system_clock
from .errors import TooManyAttempts
from .settings import Rate

_MOST_KEYS = 100_000


class FailureLimit:
    """Counts failures per key in a sliding window, in this process."""

    def __init__(self, rate: Rate, *, clock: Clock = system_clock) -> None:
        """Make a limit.

        Args:
            rate: How many failures, in what time.
            clock: The clock.
        """
        self._rate = rate
        self._clock = clock
        self._failures: OrderedDict[tuple[str, ...], deque[float]] = OrderedDict()

    def check(self, *key: str) -> None:
        """Let an attempt in, or not.

        Args:
            *key: What is counted together, such as an account and an address.

        Raises:
            TooManyAttempts: If the key has failed too often; says when to come back.
        """
        failures = self._recent(key)
        if len(failures) >= self._rate.count:
            wait = failures[0] + self._rate.seconds - self._clock()
            raise TooManyAttempts(max(1, math.ceil(wait)))

    def failed(self, *key: str) -> None:
        """Count a failure.

        Args:
            *key: What is counted together.
        """
        failures = self._failures.setdefault(key, deque(maxlen=self._rate.count))
        failures.append(self._clock())
        self._failures.move_to_end(key)
        if len(self._failures) > _MOST_KEYS:
            self._failures.popitem(last=False)

    def _recent(self, key: tuple[str, ...]) -> deque[float]:
        failures = self._failures.get(key, deque())
        while failures and failures[0] <= self._clock() - self._rate.seconds:
            failures.popleft()
        if not failures:
            self._failures.pop(key, None)
        return failures
