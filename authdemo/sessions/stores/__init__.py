"""Where sessions are kept, and how the workers that share them reach each other."""

from __future__ import annotations

import time
from typing import Any

from ..core.errors import StoreUnavailable
from ..core.settings import Settings
from ..core.store import SessionStore
from ..core.utils import Clock, new_id
from .redis import RedisStore, connect
from .sqlite import SQLiteStore

_TRY_SECONDS = 60


def create_store(settings: Settings, name: str) -> SessionStore:
    """Create the store that the settings ask for, for the app of this name; it isn't opened yet."""
    if settings.redis_url:
        return RedisStore(settings.redis_url, name=name)
    return SQLiteStore(settings.data_dir / "sessions.db")


def check_store(store: SessionStore) -> None:
    """Check before a start that a store can be used; a Redis may come up later."""
    if isinstance(store, SQLiteStore):
        store.check()
    elif isinstance(store, RedisStore):
        connect(store.url)


async def try_store(store: SessionStore, clock: Clock) -> dict[str, Any]:
    """Write, read and delete a value; return how long it took, and facts about the store."""
    began, key, now = time.perf_counter(), new_id(), clock()
    await store.put_value(key, key, expires=now + _TRY_SECONDS)
    found = await store.find_value(key, now=now), await store.consume_value(key, now=now)
    if found != (key, key):
        raise StoreUnavailable("The store does not return what was written.")
    seconds = time.perf_counter() - began
    facts = await store.facts() if isinstance(store, RedisStore) else {}
    return {"store": type(store).__name__.removesuffix("Store"), "seconds": seconds, **facts}
