"""Sessions to time functions with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from authdemo.sessions.stores.redis import RedisStore
from tests.support.house import House, build
from tests.support.redis import Redis

Timer = Callable[[Callable[[], Awaitable[Any]]], None]
CALLS = 50
"""How many calls of a coroutine function are timed together, in one turn of the event loop."""


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def timer(benchmark: BenchmarkFixture, loop: asyncio.AbstractEventLoop) -> Timer:
    """What times a coroutine function."""

    async def again(act: Callable[[], Awaitable[Any]]) -> None:
        for _ in range(CALLS):
            await act()

    def repeat(act: Callable[[], Awaitable[Any]]) -> None:
        benchmark.extra_info["times"] = CALLS
        benchmark(lambda: loop.run_until_complete(again(act)))

    return repeat


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis."""
    with Redis(tmp_path_factory.mktemp("redis")) as redis:
        yield redis


@pytest.fixture(params=["sqlite", "redis"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, loop: asyncio.AbstractEventLoop
) -> Iterator[House]:
    """Sessions in either store, open."""
    store = None
    if request.param == "redis":
        store = RedisStore(request.getfixturevalue("redis").url, name="micro")
    house = build(tmp_path, store=store)
    loop.run_until_complete(house.store.open())
    yield house
    loop.run_until_complete(house.store.close())
