"""The caller of each event, in the tabs of Reflex."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import reflex as rx

from ...core.errors import AccessDenied
from ...core.rate_limit import network
from ...http.sockets.callers import (
    Caller,
    current_caller,
    current_connection,
    new_caller,
    running_for,
)
from ...http.sockets.connections import Connection, Connections
from ..compat import (
    PAGE_LOAD_EVENTS,
    bind_events,
    cancel_event,
    claim_tab,
    guard_deltas,
    guard_links,
    guard_shared_states,
    guard_states,
    purge_tab,
    release_tab,
)
from .state import SessionState, stored

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
        if self.connections.find_by_tab(tab) is None:
            purge_tab(self.app, tab)


@dataclass
class EventCallers:
    """Knows the caller of each event that runs or waits, and ends those of a session."""

    app: rx.App
    connections: Connections
    verify: Callable[[Caller], Awaitable[bool]]
    is_tab_of_another: Callable[[str], Awaitable[bool]]
    _callers: dict[str, Caller] = field(default_factory=dict, init=False)

    def install(self) -> None:
        """Put the checks into the running app."""
        bind_events(self.app, self._callers, begin=new_caller, run_as=running_for)
        guard_states(self.app, self._check_change)
        guard_deltas(self.app, self._may_send)
        guard_links(self.app, is_own=self._is_own, linked=self._linked)
        guard_shared_states(self._check_shared_state)

    def end(self, sid: str) -> None:
        """Cancel what runs or waits for a session.

        The event that ends it goes on, signed out, and so does the loading of a page.
        """
        ending = current_caller()
        for txid, caller in tuple(self._callers.items()):
            if caller.sid != sid:
                continue
            caller.connection.sid = caller.connection.session = None
            if caller is ending or caller.event in PAGE_LOAD_EVENTS:
                caller.sid, caller.is_signed_out = None, True
            else:
                cancel_event(self.app, txid)

    def close(self, connection: Connection) -> None:
        """Cancel what signed out, and went on in a page that has closed."""
        for txid, caller in tuple(self._callers.items()):
            if caller.connection is connection and caller.is_signed_out:
                cancel_event(self.app, txid)

    async def _is_own(self, sid: str, tab: str) -> bool:
        """Tell whether a socket may be linked to the tab that it names."""
        if current_connection() is None:
            raise LookupError("A socket is linked to a tab without a connection.")
        if await self.is_tab_of_another(tab) or not await claim_tab(self.app, sid, tab):
            return False
        if await self.is_tab_of_another(tab):  # its owner came and left meanwhile
            await release_tab(self.app, sid, tab)
            return False
        return True

    def _linked(self, tab: str) -> None:
        if (connection := current_connection()) is not None:
            self.connections.link(connection, tab)

    async def _check_change(self, tab: str, is_event: bool) -> None:  # noqa: FBT001
        """Let nothing of a caller touch the caller's tab once the session has ended."""
        caller = current_caller()
        if caller is None or not caller.owns(tab):
            return
        # The middleware verifies what comes first, and has the page's own socket.
        is_verified = is_event and caller.connection.is_open
        if not caller.is_valid or not (is_verified or await self.verify(caller)):
            raise asyncio.CancelledError("The session that started this has ended.")

    @staticmethod
    def _may_send(tab: str) -> bool:
        """Send a tab nothing of a caller whose session has ended."""
        caller = current_caller()
        return caller is None or not caller.owns(tab) or caller.is_valid

    async def _check_shared_state(self, name: str) -> None:
        """Take no tab's name for a shared state's: Reflex keeps both under names of one kind."""
        if (await stored(self.app, name, SessionState)).owner() is not None:
            raise AccessDenied("This name is a tab's, and not a shared state's.")
