"""What time it is: everyone takes a clock, so that tests can stop it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]
"""Seconds since 1970-01-01 UTC."""

_MOST_WRITTEN = 4096

system_clock: Clock = time.time


@lru_cache(_MOST_WRITTEN)
def iso(seconds: float) -> str:
    """Write a time as JavaScript's `Date.toISOString()` does.

    Args:
        seconds: Seconds since 1970-01-01 UTC.

    Returns:
        ISO 8601 with milliseconds and `Z`.
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
