"""The app with two workers on a Redis of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.postgresql import PostgreSQL
from tests.support.redis import Redis
from tests.support.server import Server, running, running_in_trouble


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, redis: Redis, postgresql: PostgreSQL
) -> Iterator[Server]:
    """The app with two workers, on a Redis and a PostgreSQL that stay."""
    given = {"REFLEX_REDIS_URL": redis.url, "DB_URL": postgresql.new_database(), "WORKERS": "2"}
    with running(tmp_path_factory.mktemp("workers"), AUTH_METRICS="1", **given) as server:
        yield server


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis that a module's tests may stop."""
    with Redis(tmp_path_factory.mktemp("mortal-redis")) as redis:
        yield redis


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, mortal: Redis) -> Iterator[Server]:
    """The app with two workers, on a Redis that comes and goes."""
    folder = tmp_path_factory.mktemp("tried")
    with running_in_trouble(folder, REFLEX_REDIS_URL=mortal.url, WORKERS="2") as server:
        yield server
