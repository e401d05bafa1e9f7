"""Tabs of clients, open and connected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.load.driver import Driver, driving
from benchmarks.load.tabs import TabChannel
from benchmarks.members import Member
from benchmarks.servers import Target


@contextmanager
def open_tabs(
    target: Target, own: Sequence[Member], path: str = "/"
) -> Iterator[tuple[Driver, list[TabChannel]]]:
    """Open a tab for each client, and wait until all know whose they are.

    Args:
        target: The server.
        own: The clients.
        path: The page that the tabs show.

    Yields:
        A driver, and the tabs that it looks after.
    """
    tabs = [TabChannel(target.address, cookies=each.cookies, path=path) for each in own]
    with driving(*tabs) as driver:
        driver.run()
        for tab in tabs:
            tab.latencies.clear()
        yield driver, tabs


def show_their_names(tabs: Sequence[TabChannel], own: Sequence[Member]) -> bool:
    """Return whether each tab got its client's name last."""
    pairs = zip(tabs, own, strict=True)
    return all(member.shown_name in tab.latest for tab, member in pairs)
