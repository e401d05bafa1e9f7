"""Hashes are made one after the other, for no more people than will wait."""

from __future__ import annotations

import asyncio
import threading

import pytest

from authdemo.sessions.accounts import AccountsUnavailable
from authdemo.sessions.accounts.hashing import Hashing


@pytest.fixture
def slow():
    """Work that takes until the test lets it end."""
    may_end = threading.Event()
    yield may_end
    may_end.set()


async def test_who_would_have_to_wait_too_long_is_told_so_at_once(slow):
    hashing = Hashing()
    tasks = [asyncio.create_task(hashing.run(slow.wait)) for _ in range(1000)]
    refused, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    assert {type(each.exception()) for each in refused} == {AccountsUnavailable}
    assert 0 < len(waiting) < 500
    slow.set()
    assert await asyncio.gather(*waiting) == [True] * len(waiting)


async def test_who_gives_up_leaves_the_place_to_others(slow):
    hashing = Hashing()
    for _ in range(10):
        tasks = [asyncio.create_task(hashing.run(slow.wait)) for _ in range(100)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    slow.set()
    assert await hashing.run(slow.wait)
