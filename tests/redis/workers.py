"""Which worker holds which connection, as the operating system knows it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import httpx

from authdemo.testing import wait_until
from tests.support.browser import Browser
from tests.support.server import Server
from tests.support.tab import Tab

MOST_TABS = 40


def pids(server: Server) -> list[int]:
    """List the workers."""
    return [pid for pid in server.children() if _is_worker(pid)]


def holder(server: Server, port: int) -> int | None:
    """Find the worker that holds the connection from a port, or None."""
    sockets = {
        f"socket:[{fields[9]}]"
        for fields in map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
        if int(fields[2].partition(":")[2], 16) == port
    }
    return next((pid for pid in pids(server) if sockets & _files(pid)), None)


@contextlib.contextmanager
def connected(server: Server, *, to: int | None = None) -> Iterator[tuple[httpx.Client, int]]:
    """Connect to a worker, or to any, and tell which one it is."""
    for _ in range(MOST_TABS):
        with httpx.Client(base_url=server.url) as client:
            stream = client.get("/ping").extensions["network_stream"]
            pid = holder(server, stream.get_extra_info("client_addr")[1])
            if pid and to in (None, pid):
                yield client, pid
                return
    raise AssertionError("the worker takes no connection")


def serving(server: Server) -> set[int]:
    """List the workers that take connections now."""
    found = set()
    for _ in range(MOST_TABS // 2):
        with contextlib.suppress(httpx.TransportError), connected(server) as (_, pid):
            found.add(pid)
    return found


@contextlib.contextmanager
def tabs_on_both(server: Server, browser: Browser) -> Iterator[list[Tab]]:
    """Open tabs until either worker holds two."""
    with contextlib.ExitStack() as stack:
        tabs: list[Tab] = []
        held: dict[int, int] = {}
        while len(held) < 2 or min(held.values()) < 2:
            assert len(tabs) < MOST_TABS, f"the workers don't share: {held}"
            tabs.append(stack.enter_context(Tab(server, browser)))
            wait_until(lambda: holder(server, tabs[-1].port))
            pid = holder(server, tabs[-1].port)
            assert pid
            held[pid] = held.get(pid, 0) + 1
        yield tabs


def _is_worker(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return bool(command) and b"resource_tracker" not in command


def _files(pid: int) -> set[str]:
    found = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(str(file.readlink()))
    return found
