"""How much memory the app takes, with all its processes."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import members as m
from benchmarks import servers
from benchmarks.load.channel import Script
from benchmarks.load.driver import play
from benchmarks.load.process import memory
from benchmarks.options import Options
from benchmarks.push import signed_in
from benchmarks.results import Figure
from benchmarks.servers import Target
from benchmarks.tabs import open_tabs

CONNECTIONS = 16
LOAD_SECONDS = 3.0
"""How long sessions are read, then shown on the home page, then updated."""
WARM_UP = 1000
SESSIONS = 10_000
TABS = 1000

NAMES = ("memory",)


def measure(options: Options) -> Iterator[Figure]:
    """Weigh the app at its start, with many sessions, and with many tabs.

    Args:
        options: How.

    Yields:
        The figures.
    """
    with servers.real(options.folder / "memory") as target:
        own = m.members(target.server, CONNECTIONS)
        yield _figure("Memory at start, all processes", _taken(target), next_auth=(129.0, 129.0))
        for act in (m.reads, m.loads_home, m.updates):
            play(target.address, [Script(act(member)) for member in own], LOAD_SECONDS)
        yield _figure("Memory after load, all processes", _taken(target), next_auth=(565.0, 565.0))
    with servers.quick(options.folder / "memory-quick") as target:
        own = signed_in(target, WARM_UP)
        before = _taken(target)
        signed_in(target, SESSIONS)
        yield _figure(f"Memory for {SESSIONS:,} more sessions", _taken(target) - before)
        with open_tabs(target, own[:1]):
            before = _taken(target)
        with open_tabs(target, own[:TABS]):
            yield _figure(f"Memory for {TABS:,} open tabs", _taken(target) - before)


def _taken(target: Target) -> int:
    return memory([target.server.process.pid, *target.server.children()])


def _figure(what: str, taken: int, next_auth: tuple[float, float] | None = None) -> Figure:
    return Figure(what, taken / 1e6, "MB", next_auth=next_auth, detail="proportional set size")
