"""Taking turns: one at a time for each name, also when others come, go or give up."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions.core.utils import KeyedLocks


class Room:
    """A room that holds one, and notes who was in."""

    def __init__(self):
        self.locks = KeyedLocks()
        self.inside = 0
        self.visitors = []

    async def visit(self, number, pauses):
        async with self.locks.of("room"):
            assert self.inside == 0, "two at a time"
            self.inside += 1
            try:
                for _ in range(pauses):
                    await asyncio.sleep(0)
            finally:
                self.inside -= 1
            self.visitors.append(number)


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=12),
    st.sets(st.integers(0, 11)),
    st.integers(0, 6),
)
def test_lock_admits_one_at_a_time_despite_cancellation(pauses, gives_up, when):
    async def main():
        room = Room()
        visits = [asyncio.create_task(room.visit(n, each)) for n, each in enumerate(pauses)]
        for _ in range(when):
            await asyncio.sleep(0)
        for number in gives_up & set(range(len(visits))):
            visits[number].cancel()
        results = await asyncio.gather(*visits, return_exceptions=True)
        assert [r for r in results if isinstance(r, AssertionError)] == []
        stayed = [n for n, result in enumerate(results) if result is None]
        assert sorted(room.visitors) == stayed
        assert not room.locks.of("room").locked()

    asyncio.run(main())


async def test_lock_is_fair():
    room = Room()
    await asyncio.gather(*(room.visit(number, 2) for number in range(9)))
    assert room.visitors == list(range(9))


async def test_locks_of_different_keys_are_independent():
    locks = KeyedLocks()
    async with locks.of("a"), asyncio.timeout(20), locks.of("b"):
        pass


async def test_unused_locks_are_dropped():
    room = Room()
    await asyncio.gather(*(room.visit(number, 1) for number in range(5)))
    assert len(room.locks._locks) == 0
