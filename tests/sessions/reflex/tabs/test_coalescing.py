"""Work that many ask for: done for all who asked, at once for each key, and never forgotten."""

from __future__ import annotations

import asyncio

from authdemo.sessions.reflex.tabs.push import Coalescing


class Works:
    """Works that last until they are let go; notes when each begins."""

    def __init__(self):
        self.begun = []
        self.tasks = []
        self.soon = Coalescing(self._work, spawn=self._start)
        self.doors = {}

    def _start(self, work):
        self.tasks.append(asyncio.create_task(work))

    async def _work(self, key):
        self.begun.append(key)
        self.doors[key] = asyncio.get_running_loop().create_future()
        await self.doors[key]

    async def begins(self, key):
        self.soon.request(key)
        await _a_moment()


async def _a_moment():
    for _ in range(3):
        await asyncio.sleep(0)


async def test_who_asks_meanwhile_is_served_once_more_and_together():
    works = Works()
    await works.begins("tab")
    for _ in range(5):
        works.soon.request("tab")
    works.doors["tab"].set_result(None)
    await _a_moment()
    works.doors["tab"].set_result(None)
    await _a_moment()
    assert works.begun == ["tab", "tab"]


async def test_one_that_lasts_keeps_no_other_waiting():
    works = Works()
    await works.begins("busy")
    await works.begins("other")
    assert works.begun == ["busy", "other"]


async def test_who_asked_meanwhile_is_served_even_if_it_failed():
    works = Works()
    await works.begins("tab")
    works.soon.request("tab")
    works.doors["tab"].set_exception(OSError("away"))
    await _a_moment()
    assert works.begun == ["tab", "tab"]
    assert isinstance(works.tasks[0].exception(), OSError)
