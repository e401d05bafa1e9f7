"""Which store an app has, and how the workers that share it hear of each other."""

from __future__ import annotations

from typing import NamedTuple

from ..core.settings import Settings
from ..core.store import SessionStore
from .presence import NobodyElse, Presence
from .relay import Alone, Relay


class Chosen(NamedTuple):
    """What fits together.

    Attributes:
        store: Keeps the sessions.
        relay: Joins a worker with the others.
        presence: Knows the tabs that are open on the others.
    """

    store: SessionStore
    relay: Relay
    presence: Presence


def choose(settings: Settings, name: str, own: SessionStore | None = None) -> Chosen:
    """Choose where sessions are kept; nothing is opened yet.

    Args:
        settings: What the operator decided.
        name: The app's name; its workers share it.
        own: The app's own store, if it brings one.

    Returns:
        The store, and what goes with it.

    Raises:
        ConfigurationError: If the settings name a Redis that can't be one.
    """
    return _shared(settings.redis_url, name, own) if settings.redis_url else _alone(settings, own)


def _shared(url: str, name: str, own: SessionStore | None) -> Chosen:
    from .redis import RedisStore
    from .redis_presence import RedisPresence
    from .redis_relay import RedisRelay

    store = own or RedisStore(url, name=name)
    return Chosen(store, RedisRelay(url, name=name, find=store.get), RedisPresence(url, name=name))


def _alone(settings: Settings, own: SessionStore | None) -> Chosen:
    from .embedded import EmbeddedStore

    return Chosen(own or EmbeddedStore(settings.data_dir / "sessions.db"), Alone(), NobodyElse())


def check(store: SessionStore) -> None:
    """Find out at a start whether a store can be used; one that others serve may be up later.

    Args:
        store: The store, not open.

    Raises:
        ConfigurationError: If it can't; says what to do.
    """
    from .embedded import EmbeddedStore

    if isinstance(store, EmbeddedStore):
        store.check()
