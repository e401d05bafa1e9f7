"""Functions of the app, each plain or async."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def settled(answer: T | Awaitable[T]) -> T:
    """Wait for an answer, if it has to be waited for.

    Args:
        answer: What a plain or an async function returned.

    Returns:
        The answer itself.
    """
    if answer is None:
        return answer
    return await answer if isinstance(answer, Awaitable) else answer
