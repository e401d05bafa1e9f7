"""Where sessions are kept, and how the workers that share them reach each other."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import Settings
from ..core.store import SessionStore
from .pubsub import NullPresence, NullRelay, Presence, Relay
from .sqlite import SQLiteStore


@dataclass(frozen=True)
class Backends:
    """The store of an app, and what its workers share it by."""

    store: SessionStore
    relay: Relay
    presence: Presence


def create_backends(settings: Settings, name: str, own: SessionStore | None = None) -> Backends:
    """Create what the settings ask for; nothing is opened yet.

    Args:
        settings: The operator's settings.
        name: The app's name; its workers share it.
        own: The app's own store, if it brings one.

    Raises:
        ConfigurationError: If `REFLEX_REDIS_URL` is no URL of a Redis.
    """
    url = settings.redis_url
    if not url:
        store = own or SQLiteStore(settings.data_dir / "sessions.db")
        return Backends(store, NullRelay(), NullPresence())

    from .redis import RedisStore
    from .redis_pubsub import RedisPresence, RedisRelay

    store = own or RedisStore(url, name=name)
    return Backends(
        store, RedisRelay(url, name=name, find=store.get), RedisPresence(url, name=name)
    )


def check_store(store: SessionStore) -> None:
    """Check before a start that a store can be used; a Redis may come up later.

    Raises:
        ConfigurationError: If it can't be used; says what to do.
    """
    if isinstance(store, SQLiteStore):
        store.check()
