"""Houses that are closed when the test ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from authdemo.sessions.core.store import SessionStore
from authdemo.sessions.stores.sqlite import SQLiteStore
from authdemo.testing import FrozenClock
from tests.support.house import House, build


@pytest.fixture
def clock() -> FrozenClock:
    """A stopped clock."""
    return FrozenClock()


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[Callable[..., Coroutine[Any, Any, House]]]:
    """Build a house with choices of the test's own; those on the same file share its store."""
    opened: list[SessionStore] = []

    async def open_house(*, store: SessionStore | None = None, **choices: Any) -> House:
        store = store or next((each for each in opened if isinstance(each, SQLiteStore)), None)
        house = build(tmp_path, store=store, **choices)
        if house.store not in opened:
            await house.store.open()
            opened.append(house.store)
        return house

    yield open_house
    for store in opened:
        asyncio.run(store.close())


@pytest.fixture
def house(open_house: Callable[..., Coroutine[Any, Any, House]]) -> House:
    """A house as it comes."""
    return asyncio.run(open_house())
