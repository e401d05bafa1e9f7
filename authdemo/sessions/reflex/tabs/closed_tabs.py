"""Lets the states of closed anonymous tabs go before they fill the memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import reflex as rx
from reflex.istate.manager.disk import StateManagerDisk
from reflex.istate.manager.memory import StateManagerMemory

from ...core.limits.networks import network
from ...http.sockets.connections import Connection, Connections

MAX_CLOSED = 500
MAX_CLOSED_PER_NETWORK = 50


@dataclass
class ClosedTabs:
    """Keeps a closed anonymous tab's state for its return, but not more than a few of them.

    Reflex keeps each for an hour. States in Redis are left to Redis, where they expire.
    """

    app: rx.App
    connections: Connections
    _networks: dict[str, str] = field(default_factory=dict, init=False)

    def add(self, connection: Connection) -> None:
        """Take note of a socket that has closed."""
        tab = connection.tab
        if tab is None or connection.sid is not None:
            return
        self._networks.pop(tab, None)
        self._networks[tab] = own = network(connection.device.ip)
        same = [each for each, other in self._networks.items() if other == own]
        if len(same) > MAX_CLOSED_PER_NETWORK:
            self._release(same[0])
        elif len(self._networks) > MAX_CLOSED:
            self._release(next(iter(self._networks)))

    def _release(self, tab: str) -> None:
        del self._networks[tab]
        manager = self.app.state_manager
        if not isinstance(manager, StateManagerMemory | StateManagerDisk):
            return
        lock = manager._states_locks.get(tab)
        if self.connections.showing(tab) is None and not (lock and lock.locked()):
            manager._purge_token(rx.BaseStateToken(ident=tab, cls=rx.State))
