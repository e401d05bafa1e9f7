"""Houses that are closed when the test is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from authdemo.testing import FrozenClock
from tests.support.house import House, build


@pytest.fixture
def clock() -> FrozenClock:
    """A stopped clock."""
    return FrozenClock()


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[Callable[..., Coroutine[Any, Any, House]]]:
    """Build a house with choices of the test's own."""
    opened: list[House] = []

    async def open_house(**choices: Any) -> House:
        house = build(tmp_path, **choices)
        await house.store.open()
        opened.append(house)
        return house

    yield open_house
    for house in opened:
        asyncio.run(house.store.close())


@pytest.fixture
def house(open_house: Callable[..., Coroutine[Any, Any, House]]) -> House:
    """A house as it comes."""
    return asyncio.run(open_house())
