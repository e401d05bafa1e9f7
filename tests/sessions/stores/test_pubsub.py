"""How workers notify each other by Redis, whatever goes wrong with one of them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from copy import copy

import pytest

from authdemo.sessions.core.events import (
    BrowserSignedIn,
    Feed,
    Notice,
    SessionBegan,
    SessionChanged,
    SessionEnded,
    TabsChanged,
)
from authdemo.sessions.stores.pubsub import RedisRelay
from tests.sessions.stores.test_store_protocol import session

NAME = "relayed"


class Worker:
    """A worker's feed and relay, and the notices that it gets."""

    def __init__(self, url, find=None, relay=None):
        self.received: asyncio.Queue[Notice] = asyncio.Queue()
        self.feed = Feed()
        self.feed.subscribe(self.received.put_nowait)
        self.relay = relay or RedisRelay(url, name=NAME, find=find or _find_nothing)
        self._catches_up = asyncio.Event()

    @asynccontextmanager
    async def connected(self):
        async with self.relay.connected(self.feed, catch_up=self._catches_up.set):
            yield
        await self.relay.close()

    async def catches_up(self):
        """Wait until it has subscribed, and looks for what it missed."""
        await asyncio.wait_for(self._catches_up.wait(), 5)
        self._catches_up.clear()

    async def next_notice(self):
        return await asyncio.wait_for(self.received.get(), 5)


async def _find_nothing(_):
    return None


async def _fail(_):
    raise LookupError("a bug in a store")


@pytest.mark.parametrize(
    "notice",
    [
        BrowserSignedIn("chromium"),
        SessionBegan("ada"),
        SessionEnded("sid", "replaced", "ada"),
        TabsChanged("ada"),
    ],
    ids=lambda notice: type(notice).__name__,
)
async def test_notice_reaches_the_other_worker_once(redis, notice):
    one, other = Worker(redis.url), Worker(redis.url)
    async with one.connected(), other.connected():
        await one.catches_up()
        await other.catches_up()
        one.feed.publish(notice)
        assert await other.next_notice() == notice
        other.feed.publish(TabsChanged("grace"))
        assert await one.next_notice() == notice
        assert await one.next_notice() == TabsChanged("grace")


async def test_change_reaches_the_other_worker_as_the_store_has_it(redis):
    record = session()

    async def find(sid):
        return record if sid == record.id else None

    one, other = Worker(redis.url), Worker(redis.url, find=find)
    async with one.connected(), other.connected():
        await one.catches_up()
        await other.catches_up()
        one.feed.publish(SessionChanged(session(), {}))
        one.feed.publish(SessionChanged(record.model_copy(update={"user": {}}), {}))
        assert await other.next_notice() == SessionChanged(record, {})


async def test_forks_of_one_process_notify_each_other(redis):
    original = RedisRelay(redis.url, name=NAME, find=_find_nothing)
    one, other = Worker(redis.url, relay=copy(original)), Worker(redis.url, relay=copy(original))
    async with one.connected(), other.connected():
        await one.catches_up()
        await other.catches_up()
        one.feed.publish(BrowserSignedIn("chromium"))
        assert await other.next_notice() == BrowserSignedIn("chromium")


async def test_worker_goes_on_after_a_bug_in_its_store(redis, caplog):
    one, other = Worker(redis.url), Worker(redis.url, find=_fail)
    async with one.connected(), other.connected():
        await one.catches_up()
        await other.catches_up()
        one.feed.publish(SessionChanged(session(), {}))
        await other.catches_up()
        one.feed.publish(BrowserSignedIn("chromium"))
        assert await other.next_notice() == BrowserSignedIn("chromium")
    assert "a bug in a store" in caplog.text


async def test_worker_ignores_a_message_that_it_cannot_read(redis, caplog):
    one, other = Worker(redis.url), Worker(redis.url)
    async with one.connected(), other.connected():
        await other.catches_up()
        await one.relay._redis.publish(f"{NAME}:notices", '{"kind": "TabsChanged"}')
        one.feed.publish(BrowserSignedIn("chromium"))
        assert await other.next_notice() == BrowserSignedIn("chromium")
    assert "can't be read" in caplog.text


async def test_tabs_are_found_on_the_other_worker_until_they_are_closed(redis):
    one, other = Worker(redis.url), Worker(redis.url)
    async with one.connected(), other.connected():
        await one.relay.publish_tabs("ada", {"sid": ["k3xm"]})
        assert await other.relay.remote_tabs("ada") == {"sid": ["k3xm"]}
        assert await one.relay.remote_tabs("ada") == {}
        await one.relay.publish_tabs("ada", {})
        assert await other.relay.remote_tabs("ada") == {}
