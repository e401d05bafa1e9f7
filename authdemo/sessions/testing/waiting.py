"""Waits for what comes about in another thread or process, and never longer than it takes."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 20.0
"""Seconds to wait at most, where nothing else is said."""


def eventually(
    true: Callable[..., object],
    *,
    within: float = PATIENCE,
    every: float = 0.02,
    seen: Callable[[], str] | None = None,
) -> None:
    """Wait until a condition holds.

    Args:
        true: Tells whether it holds.
        within: Seconds to wait at most.
        every: Seconds between two looks.
        seen: Tells what is seen instead, if it doesn't.

    Raises:
        AssertionError: If it doesn't hold in time.
    """
    deadline = time.monotonic() + within
    while not true():
        if time.monotonic() >= deadline:
            instead = f": {seen()}" if seen else ""
            raise AssertionError(f"not so within {within} seconds{instead}")
        time.sleep(every)
