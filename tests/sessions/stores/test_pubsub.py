"""How workers notify each other by Redis, whatever goes wrong with one of them."""

from __future__ import annotations

import asyncio
from copy import copy

from authdemo.sessions.core.events import BrowserSignedIn, Feed, Notice, SessionChanged
from authdemo.sessions.stores.redis_pubsub import RedisRelay
from tests.sessions.stores.test_store_protocol import session

NAME = "relayed"


class Worker:
    """A worker's feed and relay; it notes what it hears."""

    def __init__(self, url, find=None, relay=None):
        self.heard: asyncio.Queue[Notice] = asyncio.Queue()
        self.feed = Feed()
        self.feed.subscribe(self.heard.put_nowait)
        self._joined = asyncio.Event()
        self._relay = relay or RedisRelay(url, name=NAME, find=find or _nothing)

    def connected(self):
        return self._relay.connected(self.feed, catch_up=self._joined.set)

    async def joins(self):
        """Wait until it has subscribed, and has been told to look what it missed."""
        async with asyncio.timeout(5):
            await self._joined.wait()
        self._joined.clear()

    async def hears(self):
        async with asyncio.timeout(5):
            return await self.heard.get()


async def _nothing(_):
    return None


async def _a_bug(_):
    raise LookupError("a bug in a store")


async def test_what_one_worker_says_the_other_hears(redis):
    one, other = Worker(redis.url), Worker(redis.url)
    async with one.connected(), other.connected():
        await one.joins()
        await other.joins()
        one.feed.publish(BrowserSignedIn("chromium"))
        assert await other.hears() == BrowserSignedIn("chromium")


async def test_workers_that_are_forks_of_one_process_notify_each_other(redis):
    made = RedisRelay(redis.url, name=NAME, find=_nothing)
    one, other = Worker(redis.url, relay=copy(made)), Worker(redis.url, relay=copy(made))
    async with one.connected(), other.connected():
        await one.joins()
        await other.joins()
        one.feed.publish(BrowserSignedIn("chromium"))
        assert await other.hears() == BrowserSignedIn("chromium")


async def test_a_bug_makes_no_worker_deaf(redis, caplog):
    one, other = Worker(redis.url), Worker(redis.url, find=_a_bug)
    async with one.connected(), other.connected():
        await one.joins()
        await other.joins()
        one.feed.publish(SessionChanged(session(), {}))
        await other.joins()
        one.feed.publish(BrowserSignedIn("chromium"))
        assert await other.hears() == BrowserSignedIn("chromium")
    assert "a bug in a store" in caplog.text
