"""Work in the background: kept up while it is needed, seen when it fails, and over at the end."""

from __future__ import annotations

import asyncio
import contextlib
import re

from authdemo.sessions.core.utils import in_background


class Work:
    """Work that fails at once, or after some seconds, or goes on."""

    def __init__(self, *lasts):
        self._lasts = list(lasts)
        self.goes_on = asyncio.Event()
        self.has_ended = False

    async def __call__(self):
        if self._lasts:
            await asyncio.sleep(self._lasts.pop(0))
            raise LookupError("a bug")
        self.goes_on.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.has_ended = True


async def kept_up(*works):
    async with (
        asyncio.timeout(5),
        in_background({f"work {n}": each for n, each in enumerate(works)}),
    ):
        for work in works:
            await work.goes_on.wait()


async def test_all_of_it_goes_on_and_is_waited_for_at_the_end():
    works = Work(), Work()
    await kept_up(*works)
    assert [work.has_ended for work in works] == [True, True]


async def test_what_fails_is_logged_and_starts_again_each_time_a_little_later(caplog):
    await kept_up(Work(0, 0, 0))
    assert waits(caplog) == ["0.1", "0.2", "0.4"]
    assert caplog.text.count("LookupError: a bug") == 3


async def test_what_went_on_for_a_while_before_it_failed_starts_again_soon(caplog):
    await kept_up(Work(0, 0.3, 0))
    assert waits(caplog) == ["0.1", "0.1", "0.2"]


async def test_what_is_done_is_not_done_again(caplog):
    done = []

    async def do():
        done.append(True)

    async with in_background({"work": do}):
        await asyncio.sleep(0)
    assert done == [True]
    assert caplog.text == ""


async def test_work_that_fails_at_its_end_has_ended(caplog):
    goes_on = asyncio.Event()

    async def work():
        goes_on.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionError("it was closed already")

    async with asyncio.timeout(5), in_background({"work": work}):
        await goes_on.wait()
    assert "it was closed already" in caplog.text


async def test_what_a_cancellation_was_lost_on_is_cancelled_again():
    goes_on = asyncio.Event()

    async def work():
        goes_on.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    async with asyncio.timeout(5), in_background({"work": work}):
        await goes_on.wait()


def waits(caplog):
    return re.findall(r"starts again in ([\d.]+) seconds", caplog.text)
