"""Where sessions are kept, and how the workers that share them reach each other."""

from __future__ import annotations

from ..core.settings import Settings
from ..core.store import SessionStore
from .redis import RedisStore, connect
from .sqlite import SQLiteStore


def create_store(settings: Settings, name: str) -> SessionStore:
    """Create the store that the settings ask for, for the app of this name; it isn't opened yet."""
    if settings.redis_url:
        return RedisStore(settings.redis_url, name=name)
    return SQLiteStore(settings.data_dir / "sessions.db")


def check_store(store: SessionStore) -> None:
    """Check before a start that a store can be used; a Redis may come up later.

    Raises:
        ConfigurationError: If it can't be used; says what to do.
    """
    if isinstance(store, SQLiteStore):
        store.check()
    elif isinstance(store, RedisStore):
        connect(store.url)
