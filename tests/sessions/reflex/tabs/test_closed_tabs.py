"""How many closed tabs keep their state: one browser, or one user, doesn't fill the memory."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from authdemo.sessions.core.rate_limit import TokenBucket
from authdemo.sessions.core.record import Device
from authdemo.sessions.core.settings import Rate
from authdemo.sessions.http.sockets.connections import Connection, Connections
from authdemo.sessions.reflex.tabs import isolation
from authdemo.sessions.reflex.tabs.isolation import MAX_CLOSED_PER_OWNER, ClosedTabs, TabIsolation


@pytest.fixture
def purged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    purged: list[str] = []
    monkeypatch.setattr(isolation, "purge_tab", lambda _, tab: purged.append(tab))
    return purged


@pytest.fixture
def connections() -> Connections:
    connections = Connections()
    unused: Any = SimpleNamespace()
    connections.closed = TabIsolation(unused, unused, connections, unused)._close
    return connections


def opened(connections: Connections, tab: str, user: str = "", ip: str = "192.0.2.1") -> Connection:
    connection = Connection(
        sid=f"session of {user}" if user else None,
        user_id=user,
        browser="",
        device=Device(user_agent="", ip=ip),
        base_url="",
        bucket=TokenBucket(Rate(20, 1)),
    )
    connections.open(connection)
    connections.link(connection, tab)
    return connection


@pytest.mark.parametrize("user", ["ada", ""], ids=["a member", "a visitor"])
def test_oldest_closed_tabs_of_an_owner_are_forgotten(
    connections: Connections, purged: list[str], user: str
) -> None:
    connections.close(opened(connections, "of another", "grace", "198.51.100.7"))
    for n in range(MAX_CLOSED_PER_OWNER + 3):
        connections.close(opened(connections, f"tab {n}", user))
    assert purged == ["tab 0", "tab 1", "tab 2"]


def test_tab_that_is_open_again_is_kept(connections: Connections, purged: list[str]) -> None:
    connections.close(opened(connections, "reloaded", "ada"))
    opened(connections, "reloaded", "ada")
    for n in range(MAX_CLOSED_PER_OWNER + 1):
        connections.close(opened(connections, f"tab {n}", "ada"))
    assert purged == ["tab 0"]


def test_tab_of_a_visitor_who_signs_in_counts_once(
    connections: Connections, purged: list[str]
) -> None:
    connections.close(opened(connections, "same"))
    connections.close(opened(connections, "same", "ada"))
    for n in range(MAX_CLOSED_PER_OWNER):
        connections.close(opened(connections, f"tab {n}"))
    assert not purged


def test_closed_tabs_of_all_owners_have_a_limit() -> None:
    tabs = ClosedTabs(maximum=3)
    released = [tabs.add(f"tab {n}", f"owner {n}") for n in range(5)]
    assert released == [None, None, None, "tab 0", "tab 1"]
