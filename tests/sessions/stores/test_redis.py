"""The Redis store: lifetimes of keys, and errors while Redis is away."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis as Client

from authdemo.sessions.core.errors import ConfigurationError, StoreUnavailable
from authdemo.sessions.stores import redis
from authdemo.sessions.stores.redis import RedisStore
from authdemo.testing import FrozenClock, free_port
from authdemo.testing.thread import NOON
from tests.sessions.stores.test_store_protocol import renamed, session
from tests.support.redis import Redis

NAME = "own"


@pytest.fixture
def opened(redis, clock):
    """Open a store, and a client that looks behind it."""

    @asynccontextmanager
    async def opened(url: str = redis.url):
        store = RedisStore(url, name=NAME, clock=clock)
        await store.open()
        async with Client.from_url(redis.url, decode_responses=True) as client:
            await client.flushall()
            yield store, client
        await store.close()

    return opened


class TestLifetime:
    async def test_record_expires_with_its_session(self, opened):
        async with opened() as (store, client):
            record = session(expires=NOON + 60)
            await store.create(record)
            assert 59_000 < await client.pttl(f"{NAME}:session:{record.id}") <= 60_000
            renewed = record.model_copy(update={"expires_at": NOON + 90})
            await store.replace(renewed, expected=record)
            assert 89_000 < await client.pttl(f"{NAME}:session:{record.id}") <= 90_000

    async def test_one_time_value_is_deleted_when_it_expires(self, opened):
        async with opened() as (store, client):
            await store.put_value("x", "value", expires=NOON + 30)
            assert 29_000 < await client.pttl(f"{NAME}:one-time:x") <= 30_000

    async def test_index_of_a_user_expires_with_the_longest_session(self, opened):
        async with opened() as (store, client):
            for life in (60, 90, 30):
                await store.create(session(expires=NOON + life))
            assert 89_000 < await client.pttl(f"{NAME}:user:ada") <= 90_000

    async def test_index_of_a_user_drops_expired_sessions(self, opened, clock):
        async with opened() as (store, client):
            evicted, expired, living = (session(expires=NOON + life) for life in (90, 60, 90))
            for record in (evicted, expired, living):
                await store.create(record)
            await client.delete(f"{NAME}:session:{evicted.id}")
            assert living in await store.of_user("ada")
            clock.advance(60)
            await store.replace(renamed(living, "Countess"), expected=living)
            assert await client.zrange(f"{NAME}:user:ada", 0, -1) == [f"{NAME}:session:{living.id}"]

    async def test_no_key_stays_after_all_sessions_expired(self, opened):
        async with opened() as (store, client):
            ended, expired = session("ada"), session("grace")
            for record in (ended, expired):
                await store.create(record)
            await store.delete(ended.id)
            await store.sweep(NOON + 60)
            assert await client.keys("*") == [f"{NAME}:user:grace"]
            assert await store.of_user("grace") == []
            assert await client.keys("*") == []


async def test_apps_with_other_names_share_nothing(opened, redis, clock):
    async with opened() as (store, _):
        other = RedisStore(redis.url, name="other", clock=clock)
        await other.open()
        record = session()
        await store.create(record)
        assert await other.get(record.id) is None
        assert await other.of_user("ada") == []
        await other.close()


@pytest.mark.parametrize("text", ["", "not JSON", "null", "{}"])
async def test_unreadable_record_is_not_found(opened, text):
    async with opened() as (store, client):
        record, other = session(), session()
        await store.create(record)
        await store.create(other)
        await client.hset(f"{NAME}:session:{record.id}", "record", text)
        assert await store.get(record.id) is None
        assert await store.of_user("ada") == [other]


class TestTrouble:
    async def test_store_opens_before_redis_and_works_after_its_start(self, tmp_path):
        late = Redis(tmp_path)
        store = RedisStore(late.url, clock=FrozenClock())
        await store.open()
        record = session()
        with pytest.raises(StoreUnavailable):
            await store.create(record)
        with late:
            await store.create(record)
            assert await store.get(record.id) == record
        await store.close()

    async def test_silent_redis_times_out_and_is_used_again(self, tmp_path, monkeypatch):
        monkeypatch.setattr(redis, "TIMEOUT", 1.0)
        with Redis(tmp_path) as mute:
            store = RedisStore(mute.url, clock=FrozenClock())
            await store.open()
            record = session()
            await store.create(record)
            mute.freeze()
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await store.get(record.id)
            assert time.monotonic() - began < 4
            mute.thaw()
            assert await store.get(record.id) == record
            await store.close()

    async def test_record_survives_a_killed_redis(self, tmp_path):
        with Redis(tmp_path) as mortal:
            store = RedisStore(mortal.url, clock=FrozenClock())
            await store.open()
            record = session()
            await store.create(record)
            mortal.kill()
            with pytest.raises(StoreUnavailable):
                await store.get(record.id)
            mortal.start()
            assert await store.replace(renamed(record, "Countess"), expected=record)
            await store.close()

    async def test_rejected_command_makes_the_store_unavailable(self, opened):
        async with opened() as (store, client):
            await client.set(f"{NAME}:session:x", "no hash")
            with pytest.raises(StoreUnavailable):
                await store.get("x")

    async def test_invalid_url_is_rejected_at_open(self):
        store = RedisStore(f"redis://localhost:{free_port()}/?socket_timeout=soon")
        with pytest.raises(ConfigurationError, match="REFLEX_REDIS_URL"):
            await store.open()
