"""Work that goes on in the background for as long as something runs, whatever happens to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import TypeAlias

logger = logging.getLogger("authdemo.sessions")

Work: TypeAlias = Callable[[], Awaitable[None]]

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 60.0
_PATIENCE = 1.0


@contextlib.asynccontextmanager
async def in_background(works: Mapping[str, Work]) -> AsyncIterator[None]:
    """Do some work meanwhile, each beside the others.

    What fails is logged and begins anew: soon at first, and the later the more often it
    fails. At the end all of it is cancelled, and waited for.

    Args:
        works: What to do, by names for the log.

    Yields:
        While it is done.
    """
    tasks = [asyncio.create_task(_kept_up(name, work)) for name, work in works.items()]
    try:
        yield
    finally:
        await _end(tasks)


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks until they are over: before Python 3.12 `asyncio.wait_for` may lose it."""
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=_PATIENCE)


async def _kept_up(name: str, work: Work) -> None:
    """Do one of them until it is done, or told to end."""
    wait = _FIRST_WAIT
    while True:
        began = _now()
        try:
            return await work()
        except Exception:
            if _is_told_to_end():
                logger.exception("The %s failed at its end.", name)
                return None
            if _now() - began > wait:
                wait = _FIRST_WAIT
            logger.exception("The %s failed; it begins anew in %g seconds.", name, wait)
        await asyncio.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)


def _is_told_to_end() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _now() -> float:
    return asyncio.get_running_loop().time()
