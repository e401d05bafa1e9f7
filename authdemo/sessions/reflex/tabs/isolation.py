"""Binds each event to its caller, and each socket to the tab that its session owns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import reflex as rx
from reflex.event import Event
from reflex.state import BaseState, StateUpdate

from ...core.errors import AccessDenied
from ...core.rate_limit import network
from ...core.record import SessionRecord
from ...core.session import Session
from ...engine import Engine
from ...http.csrf import Csrf
from ...http.sockets.caller import (
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
    current_token,
    guard_shared_states,
    guard_sockets,
    guard_states,
    purge_tab,
    release_tab,
)
from .state import find_owner, holds_something

REDIRECT = rx.redirect("/").handler.fn.__qualname__
"""The event that `rx.redirect` sends to a tab."""

MAX_CLOSED = 500
MAX_CLOSED_OF_MEMBERS = 10_000
MAX_CLOSED_PER_OWNER = 50
"""How many closed tabs keep their state for their return; Reflex keeps each an hour."""


@dataclass(eq=False)
class ClosedTabs:
    """Closed tabs that keep their state: the last few of each owner, and of all."""

    maximum: int
    _owners: dict[str, str] = field(default_factory=dict, init=False)
    _by_owner: dict[str, dict[str, None]] = field(default_factory=dict, init=False)

    def add(self, tab: str, owner: str) -> str | None:
        """Add a tab, and take out the one that it takes the place of."""
        self.discard(tab)
        self._owners[tab] = owner
        own = self._by_owner.setdefault(owner, {})
        own[tab] = None
        oldest = None
        if len(own) > MAX_CLOSED_PER_OWNER:
            oldest = next(iter(own))
        elif len(self._owners) > self.maximum:
            oldest = next(iter(self._owners))
        if oldest is not None:
            self.discard(oldest)
        return oldest

    def discard(self, tab: str) -> None:
        owner = self._owners.pop(tab, None)
        if owner is not None:
            del self._by_owner[owner][tab]
            if not self._by_owner[owner]:
                del self._by_owner[owner]


@dataclass(eq=False)
class TabIsolation:
    """Knows the caller of each event that runs or waits, and ends those of a session."""

    app: rx.App
    engine: Engine
    connections: Connections
    csrf: Csrf
    _by_event: dict[str, Caller] = field(default_factory=dict, init=False)
    _of_visitors: ClosedTabs = field(default_factory=lambda: ClosedTabs(MAX_CLOSED), init=False)
    _of_members: ClosedTabs = field(
        default_factory=lambda: ClosedTabs(MAX_CLOSED_OF_MEMBERS), init=False
    )

    def install(self) -> None:
        """Put the checks into the running app."""
        self.connections.closed = self._close
        bind_events(self.app, self._by_event, begin=new_caller, run_as=running_for)
        guard_states(self.app, self._check_change)
        guard_sockets(self.app, outgoing=self._outgoing, is_own=self._is_own, linked=self._linked)
        guard_shared_states(self._check_shared_state)

    async def find_record(self, caller: Caller | None) -> SessionRecord | None:
        """Find the active session of an event's caller; None once the caller has lost it."""
        if caller is None or caller.sid is None or not caller.is_valid:
            return None
        return await self.engine.sessions.find(caller.sid)

    def viewer(self, state: BaseState) -> Session | None:
        """Find the session that a state is shown to, as it was last verified."""
        tab = current_token() or state.router.session.client_token
        connection = self.connections.find_by_tab(tab)
        if connection is None and (caller := current_caller()) is not None:
            connection = caller.connection if caller.owns(tab) and caller.is_valid else None
        return connection.session if connection is not None and connection.sid else None

    @contextmanager
    def computing(self, state: BaseState) -> Iterator[None]:
        """Compute the vars of a tab for its owner, also if another event changes them, or none."""
        tab = current_token() or state.router.session.client_token
        caller = current_caller()
        if caller is None or not caller.owns(tab):
            owner = self.connections.find_by_tab(tab)
            caller = Caller(owner, owner.sid, caller.event if caller else "") if owner else None
        with running_for(caller):
            yield

    def end(self, sid: str) -> None:
        """Cancel what runs or waits for a session.

        The event that ends it goes on, signed out, and so does the loading of a page.
        """
        ending = current_caller()
        for txid, caller in tuple(self._by_event.items()):
            if caller.sid != sid:
                continue
            caller.connection.sid = caller.connection.session = None
            if caller is ending or caller.event in PAGE_LOAD_EVENTS:
                caller.sid, caller.is_signed_out = None, True
            else:
                cancel_event(self.app, txid)

    def _close(self, connection: Connection) -> None:
        """Cancel what signed out in a page that has closed, and keep a few tabs of its owner."""
        for txid, caller in tuple(self._by_event.items()):
            if caller.connection is connection and caller.is_signed_out:
                cancel_event(self.app, txid)
        tab = connection.tab
        if tab is None:
            return
        if connection.sid is None:
            self._of_members.discard(tab)
            released = self._of_visitors.add(tab, network(connection.device.ip))
        else:
            self._of_visitors.discard(tab)
            released = self._of_members.add(tab, connection.user_id)
        if released is not None and self.connections.find_by_tab(released) is None:
            purge_tab(self.app, released)

    async def _is_own(self, sid: str, tab: str) -> bool:
        """Tell whether a socket may be linked to the tab that it names."""
        connection = current_connection()
        if connection is None:
            raise LookupError("A socket is linked to a tab without a connection.")
        if not await self._owns(connection, tab) or not await claim_tab(self.app, sid, tab):
            return False
        if not await self._owns(connection, tab):  # its owner came and left meanwhile
            await release_tab(self.app, sid, tab)
            return False
        return True

    async def _owns(self, connection: Connection, tab: str) -> bool:
        """Tell whether a tab is a socket's own, or free.

        A tab is its session's. One without a session is its browser's, also after a sign-in there.
        Browsers without a name (cookies are blocked, or another server serves the pages) count as
        one, but nothing that they did survives a sign-in. A tab that has no owner is free, unless
        it holds something, as a shared state does.
        """
        owner = await find_owner(self.app, tab)
        if owner is None:
            return not await holds_something(self.app, tab)
        sid, browser = owner
        if sid:
            return sid == connection.sid
        if connection.sid is None:
            return browser == connection.browser
        return self.csrf.is_browser_of(connection.browser, connection.sid, browser)

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
        if not caller.is_valid or not (is_verified or await self._verify(caller)):
            raise asyncio.CancelledError("The session that started this has ended.")

    async def _verify(self, caller: Caller) -> bool:
        """Verify a caller's session; without one, check that its tab has none either."""
        if caller.sid is None:
            owner = await find_owner(self.app, caller.connection.tab or "")
            return owner is None or not owner[0]
        record = await self.find_record(caller)
        if not caller.connection.is_open:  # no push keeps it in step
            caller.connection.session = self.engine.session(record) if record else None
        return record is not None

    @staticmethod
    def _outgoing(update: StateUpdate, tab: str) -> StateUpdate | None:
        """Send a tab nothing of a caller whose session has ended.

        Where a caller leads that signed out, the tab goes with the push that follows.
        """
        caller = current_caller()
        if caller is None or not caller.owns(tab):
            return update
        if not caller.is_valid:
            return None
        if not caller.is_signed_out:
            return update
        others = [each for each in update.events if not _leads_away(each)]
        if len(others) < len(update.events):
            away = next(filter(_leads_away, update.events))
            caller.connection.post_logout_url = (
                caller.connection.post_logout_url or away.payload["path"]
            )
        return replace(update, events=others)

    async def _check_shared_state(self, name: str) -> None:
        """Take no tab's name for a shared state's: Reflex keeps both under names of one kind."""
        if await find_owner(self.app, name) is not None:
            raise AccessDenied("This name is a tab's, and not a shared state's.")


def _leads_away(event: Event) -> bool:
    return event.name == REDIRECT and bool(event.payload["path"]) and not event.payload["external"]
