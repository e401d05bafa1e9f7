"""Hashes: as many at once as cores and memory allow, in fair turns, for senders who stay."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from authdemo.accounts import AccountsUnavailable
from authdemo.accounts.hashing import MAX_MEMORY, FairSemaphore, HashingPool, at_once
from authdemo.sessions.core.errors import ConnectionLost
from authdemo.sessions.core.rate_limit import work_for

COST = 64 * 1024
HERE, THERE, ELSEWHERE = "192.0.2.1", "192.0.2.2", "192.0.2.3"


@pytest.fixture
def slow():
    """Work that takes until the test lets it end."""
    may_end = threading.Event()
    yield may_end
    may_end.set()


class Desk:
    """Turns, and who had one in which order."""

    def __init__(self, count: int, max_waiting: int = 1000) -> None:
        self.turns = FairSemaphore(count, max_waiting)
        self.served: list[str] = []
        self.may_end = asyncio.Semaphore(0)

    async def serve(self, address, has_left=lambda: False):
        with work_for(address, has_left):
            async with self.turns.acquired():
                self.served.append(address)
                await self.may_end.acquire()

    async def queue(self, address, count=1, **more):
        tasks = [asyncio.create_task(self.serve(address, **more)) for _ in range(count)]
        await asyncio.sleep(0)
        return tasks

    async def end(self, count=1):
        """End turns, the oldest first, and let the next ones begin."""
        for _ in range(count):
            self.may_end.release()
            for _ in range(5):
                await asyncio.sleep(0)


async def test_hashing_rejects_requests_that_would_wait_too_long(slow):
    hashing = HashingPool(COST)
    tasks = [asyncio.create_task(hashing.run(slow.wait)) for _ in range(1000)]
    refused, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    assert {type(each.exception()) for each in refused} == {AccountsUnavailable}
    assert 0 < len(waiting) < 500
    slow.set()
    assert await asyncio.gather(*waiting) == [True] * len(waiting)


async def test_hashing_gives_places_of_cancelled_requests_to_others(slow):
    hashing = HashingPool(COST)
    for _ in range(10):
        tasks = [asyncio.create_task(hashing.run(slow.wait)) for _ in range(100)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    slow.set()
    assert await hashing.run(slow.wait)


async def test_hashing_uses_all_cores():
    together = threading.Barrier(at_once(COST, os.cpu_count() or 1), timeout=30)
    hashing = HashingPool(COST)
    runs = (hashing.run(together.wait) for _ in range(together.parties))
    assert sorted(await asyncio.gather(*runs)) == list(range(together.parties))


@pytest.mark.parametrize(
    ("memory_cost", "cores", "count"),
    [
        (COST, 1, 1),
        (COST, 2, 2),
        (COST, 64, MAX_MEMORY // COST),
        (8, 64, 64),
        (MAX_MEMORY, 64, 1),
        (MAX_MEMORY + 1, 64, 1),
    ],
)
def test_hashes_at_once_follow_cores_within_the_memory(memory_cost, cores, count):
    assert at_once(memory_cost, cores) == count


@pytest.mark.parametrize("count", [1, 2, 4])
async def test_first_request_of_an_address_waits_for_one_hash_of_a_crowd(count):
    desk = Desk(count)
    crowd = await desk.queue(HERE, 20)
    first = await desk.queue(THERE)
    await desk.end()
    assert desk.served == [HERE] * count + [THERE]
    await desk.end(20)
    await asyncio.gather(*crowd, *first)


async def test_addresses_that_wait_take_turns():
    desk = Desk(1)
    tasks = [
        *await desk.queue(HERE, 3),
        *await desk.queue(THERE, 3),
        *await desk.queue(ELSEWHERE, 2),
    ]
    await desk.end(8)
    await asyncio.gather(*tasks)
    assert desk.served == [HERE, THERE, HERE, ELSEWHERE, THERE, HERE, ELSEWHERE, THERE]


async def test_crowd_has_all_turns_while_it_is_alone():
    desk = Desk(4)
    crowd = await desk.queue(HERE, 6)
    assert desk.served == [HERE] * 4
    await desk.end(6)
    await asyncio.gather(*crowd)


async def test_sender_who_left_has_no_turn():
    desk = Desk(1)
    gone: list[str] = []
    (first,) = await desk.queue(HERE)
    abandoned = await desk.queue(HERE, 64, has_left=lambda: bool(gone))
    (last,) = await desk.queue(HERE)
    gone.append("all")
    await desk.end()
    assert desk.served == [HERE, HERE]
    answers = await asyncio.gather(*abandoned, return_exceptions=True)
    assert {type(each) for each in answers} == {ConnectionLost}
    await desk.end()
    await asyncio.gather(first, last)
    with pytest.raises(ConnectionLost):
        await desk.serve(HERE, has_left=lambda: True)
    assert desk.served == [HERE, HERE]


async def test_full_queue_takes_a_newcomer_for_the_last_of_a_crowd():
    desk = Desk(1, max_waiting=8)
    crowd = await desk.queue(HERE, 9)
    (refused,) = await desk.queue(HERE)
    (first,) = await desk.queue(THERE)
    with pytest.raises(AccountsUnavailable):
        await refused
    with pytest.raises(AccountsUnavailable):
        await crowd.pop()
    await desk.end(9)
    await asyncio.gather(*crowd, first)
    assert desk.served[1] == THERE


async def test_full_queue_forgets_senders_who_left():
    desk = Desk(1, max_waiting=8)
    gone: list[str] = []
    crowd = await desk.queue(HERE, 9, has_left=lambda: bool(gone))
    gone.append("all")
    (late,) = await desk.queue(HERE)
    await desk.end(2)
    await late
    answers = await asyncio.gather(*crowd, return_exceptions=True)
    assert [type(each) for each in answers] == [type(None)] + [ConnectionLost] * 8


async def test_turn_of_a_request_cancelled_at_the_last_moment_goes_on():
    desk = Desk(1)
    (first,) = await desk.queue(HERE)
    (second,) = await desk.queue(HERE)
    desk.may_end.release()
    await asyncio.sleep(0)  # the first ends, and the second has the turn without knowing it
    second.cancel()
    (third,) = await desk.queue(HERE)
    await desk.end()
    await asyncio.gather(first, third)
    assert desk.served == [HERE, HERE]
