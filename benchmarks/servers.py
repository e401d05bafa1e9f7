"""The servers that are measured, all with the same server program and its same settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.redis.workers import pids
from tests.support.server import PROGRAM, REAL_HASHES, Server, running_in_trouble

UNLIMITED = {
    "AUTH_EVENT_RATE": "100000/second",
    "AUTH_UPDATE_RATE": "999999/second",
}
"""The limits would hold a benchmark back. They are looked at nevertheless."""

LONGEST_COMPLAINT = 3000


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
    with _started(folder, PROGRAM, **UNLIMITED, **environ) as target:
        yield target


@contextmanager
def quick(folder: Path, **environ: str) -> Iterator[Target]:
    """Start the app with sign-ins that hash no password; see `benchmarks.apps.quick`."""
    with _started(folder, ("benchmarks.apps", "quick"), **UNLIMITED, **environ) as target:
        yield target


@contextmanager
def bare(folder: Path) -> Iterator[Target]:
    """Start the bare route; see `benchmarks.apps.bare`."""
    with _started(folder, ("benchmarks.apps", "bare")) as target:
        yield target


@contextmanager
def framed(folder: Path) -> Iterator[Target]:
    """Start the bare route in a Reflex app; see `benchmarks.apps.framed`."""
    with _started(folder, ("benchmarks.apps", "framed")) as target:
        yield target


@contextmanager
def _started(folder: Path, program: Sequence[str], **environ: str) -> Iterator[Target]:
    folder.mkdir(exist_ok=True)
    with running_in_trouble(folder, program=program, **REAL_HASHES, **environ) as server:
        host, _, port = server.host.rpartition(":")
        yield Target(server, (host, int(port)), tuple(pids(server)))
    if complaints := server.complaints():
        log = server.logged()
        said = log[log.index(complaints[0]) :][:LONGEST_COMPLAINT]
        print(f"The server's log has {len(complaints)} complaints, the first is:\n{said}")
