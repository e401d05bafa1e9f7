"""A clock that stands still until a test moves it."""

from __future__ import annotations

NOON = 1_800_000_000.0


class StoppedClock:
    """A `Clock` that the test winds."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
