"""A clock that stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

NOON = 1_800_000_000.0
"""Where it stands if a test says nothing else: noon, somewhere, in January 2027."""


class StoppedClock:
    """A `Clock` that the test winds.

    Attributes:
        now: What it shows, in seconds since 1970-01-01 UTC.
    """

    def __init__(self, now: float = NOON, *, moved: Callable[[], object] = lambda: None) -> None:
        """Stop the clock.

        Args:
            now: What it shows.
            moved: Is told when the test has moved it.
        """
        self.now = now
        self._moved = moved

    def __call__(self) -> float:
        """Tell the time."""
        return self.now

    def advance(
        self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Let time pass.

        Args:
            seconds: Seconds.
            minutes: Minutes on top.
            hours: Hours on top.
            days: Days on top.
        """
        passed = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        self.now += passed.total_seconds()
        self._moved()
