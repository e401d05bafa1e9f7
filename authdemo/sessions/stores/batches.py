"""A sweep, done a batch at a time so that nobody has to wait for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from ..core.errors import StoreUnavailable

Batch: TypeAlias = Callable[[], Awaitable[tuple[int, bool]]]


async def in_batches(sweep: Batch) -> int:
    """Sweep until nothing is due.

    Args:
        sweep: Forgets some; tells how many, and whether there may be more.

    Returns:
        How many were forgotten. What a store could not forget when it had begun is left to
        the next sweep.

    Raises:
        StoreUnavailable: If it could not even begin.
    """
    forgotten, are_more = 0, True
    while are_more:
        try:
            batch, are_more = await sweep()
        except StoreUnavailable:
            if not forgotten:
                raise
            break
        forgotten += batch
    return forgotten
