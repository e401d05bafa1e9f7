"""The stores, and a whole update."""

from __future__ import annotations

import asyncio
import itertools

from benchmarks.micro.conftest import Timer
from tests.support.house import House


def test_store_get(house: House, loop: asyncio.AbstractEventLoop, timer: Timer) -> None:
    """Find a session."""
    record = loop.run_until_complete(house.sign_in())
    timer(lambda: house.store.get(record.id))
    assert loop.run_until_complete(house.store.get(record.id)) == record


def test_session_update(house: House, loop: asyncio.AbstractEventLoop, timer: Timer) -> None:
    """Update a session, until it is durable."""
    record = loop.run_until_complete(house.sign_in())
    names = (f"Name {number}" for number in itertools.count())
    timer(lambda: house.rename(record, next(names)))
    newest = loop.run_until_complete(house.store.get(record.id))
    assert newest
    assert newest.rev > 1
