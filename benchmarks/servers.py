"""The servers that are measured, all with the same server program and its same settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.redis.workers import pids
from tests.support.server import Server, running

UNLIMITED = {
    "AUTH_EVENT_RATE": "100000/second",
    "AUTH_UPDATE_RATE": "999999/second",
}
"""The limits would hold a benchmark back. They are looked at nevertheless."""


@dataclass(frozen=True)
class Target:
    """A running server, as the load sees it.

    Attributes:
        server: The server.
        address: Where it listens.
        workers: Its worker processes.
    """

    server: Server
    address: tuple[str, int]
    workers: tuple[int, ...]


@contextmanager
def real(folder: Path, **environ: str) -> Iterator[Target]:
    """Start the app, as `make run` does."""
    folder.mkdir(exist_ok=True)
    with running(folder, **UNLIMITED, **environ) as server:
        yield _target(server)


@contextmanager
def quick(folder: Path, **environ: str) -> Iterator[Target]:
    """Start the app with sign-ins that hash no password; see `benchmarks.apps.quick`."""
    folder.mkdir(exist_ok=True)
    with running(folder, program=("benchmarks.apps", "quick"), **UNLIMITED, **environ) as server:
        yield _target(server)


@contextmanager
def bare(folder: Path) -> Iterator[Target]:
    """Start the bare route; see `benchmarks.apps.bare`."""
    folder.mkdir(exist_ok=True)
    with running(folder, program=("benchmarks.apps", "bare")) as server:
        yield _target(server)


def _target(server: Server) -> Target:
    host, _, port = server.host.rpartition(":")
    return Target(server, (host, int(port)), tuple(pids(server)))
