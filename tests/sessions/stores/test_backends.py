"""The settings choose the store and the relay."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from authdemo.sessions import SessionStore
from authdemo.sessions.core.events import SessionChanged
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.settings import Settings
from authdemo.sessions.core.utils import new_id
from authdemo.sessions.engine import Engine
from authdemo.sessions.providers.credentials import Credentials
from authdemo.sessions.stores.redis import RedisStore
from authdemo.sessions.stores.sqlite import SQLiteStore
from tests.support.house import ADA, PASSWORD, SECRET, Person

SOMEWHERE = "redis://127.0.0.1:1"


@pytest.fixture
def auth(tmp_path):
    def auth(redis_url=None, store: SessionStore | None = None, name="app"):
        settings = Settings(keys=KeyRing([SECRET]), data_dir=tmp_path, redis_url=redis_url)
        providers = [Credentials(authorize=lambda _: ADA)]
        return Engine(providers=providers, settings=settings, store=store, name=name, user=Person)

    return auth


def test_app_without_redis_uses_a_file_and_no_relay(auth):
    app = auth()
    assert isinstance(app.sessions.store, SQLiteStore)
    assert app.relay is None


def test_app_with_redis_uses_its_store_and_relay(auth):
    app = auth(SOMEWHERE)
    assert isinstance(app.sessions.store, RedisStore)
    assert app.relay.url == app.sessions.store.url == SOMEWHERE


def test_app_uses_its_own_store(auth, tmp_path):
    own = SQLiteStore(tmp_path / "own.db")
    assert auth(store=own).sessions.store is own
    assert auth(SOMEWHERE, own).sessions.store is own
    assert auth(SOMEWHERE, own).relay is not None


async def test_workers_receive_changes_of_the_apps_own_store(auth, redis):
    name, caught_up = new_id(), asyncio.Semaphore(0)
    received: asyncio.Queue[object] = asyncio.Queue()
    async with AsyncExitStack() as stack:
        workers = []
        for _ in range(2):
            store = RedisStore(redis.url, name=f"{name} own")
            await store.open()
            stack.push_async_callback(store.close)
            worker = auth(redis.url, store, name)
            stack.push_async_callback(worker.relay.close)
            feed = worker.sessions.feed
            await stack.enter_async_context(
                worker.relay.connected(feed, catch_up=caught_up.release)
            )
            await asyncio.wait_for(caught_up.acquire(), 5)
            workers.append(worker)
        one, other = workers
        stack.callback(other.sessions.feed.subscribe(received.put_nowait))
        record = await one.sessions.begin(ADA, PASSWORD)
        await one.sessions.update(record.id, {"name": "Countess"}, author="server")
        notices = [await asyncio.wait_for(received.get(), 5) for _ in range(2)]
        changed = [each for each in notices if isinstance(each, SessionChanged)]
        assert [each.record.user["name"] for each in changed] == ["Countess"]
        assert caught_up.locked()
