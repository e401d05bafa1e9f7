"""Pushes sessions to their tabs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Generic, TypeVar

import reflex as rx
from reflex.state import BaseState

from ...core import events as ev
from ...core.errors import AuthError, StoreUnavailable
from ...core.record import SessionRecord
from ...core.session import Session
from ...engine import AuthCore
from ...http.csrf import Csrf
from ...http.sockets.callers import Caller, current_caller, current_connection, running_for
from ...http.sockets.connections import Connection, Connections
from ..compat import current_token, mark_dirty
from ..protected import Guards
from .callers import ClosedTabs, EventCallers
from .deadlines import Deadlines
from .navigation import Navigation
from .state import SessionState, holds_something, reset_tab, stored

Key = TypeVar("Key")


@dataclass(frozen=True, eq=False)
class Coalescing(Generic[Key]):
    """Does something for a key soon: one at a time, and never more than once too late."""

    act: Callable[[Key], Awaitable[None]]
    _: KW_ONLY
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    _is_requested_again: dict[Key, bool] = field(default_factory=dict, init=False)

    def request(self, key: Key) -> None:
        """Have it done for a key; does not wait."""
        if key in self._is_requested_again:
            self._is_requested_again[key] = True
        else:
            self._is_requested_again[key] = False
            self.spawn(self._run(key))

    async def _run(self, key: Key) -> None:
        try:
            await self.act(key)
        finally:  # requests that came meanwhile are served, even if it failed
            if self._is_requested_again.pop(key):
                self.request(key)


logger = logging.getLogger("authdemo.sessions")

_BATCH_SIZE = 6
_BATCH_TIMEOUT = 0.05
_YIELD_SECONDS = 0.001


@dataclass(eq=False)
class TabSync:
    """Pushes sessions to tabs, and knows whose tab an event comes from."""

    app: rx.App
    auth: AuthCore
    guards: Guards
    connections: Connections
    navigation: Navigation
    csrf: Csrf
    callers: EventCallers = field(init=False)
    _closed_tabs: ClosedTabs = field(init=False)
    _deadlines: Deadlines = field(init=False)
    _pushes: Coalescing[Connection] = field(init=False)
    _broadcasts: Coalescing[str] = field(init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        """Follow the sockets that close."""
        self.callers = EventCallers(
            self.app,
            self.connections,
            verify=self.is_alive,
            is_tab_of_another=self.is_tab_of_another,
        )
        self._closed_tabs = ClosedTabs(self.app, self.connections)
        self.connections.closed = self._close
        self._pushes = Coalescing(self._push, spawn=self.spawn)
        self._broadcasts = Coalescing(self._broadcast, spawn=self.spawn)
        self._deadlines = Deadlines(
            self.auth, self.guards, self.connections, on_notice=self.on_notice, spawn=self.spawn
        )

    async def record(self, connection: Connection | None) -> SessionRecord | None:
        """Find the living session of a socket."""
        if connection is None or connection.sid is None:
            return None
        return await self.auth.sessions.find(connection.sid)

    def _close(self, connection: Connection) -> None:
        self.callers.close(connection)
        self._closed_tabs.add(connection)

    async def record_of(self, caller: Caller | None) -> SessionRecord | None:
        """Find the living session of an event's caller; None once the caller has lost it."""
        if caller is None or not caller.is_valid:
            return None
        return await self.record(caller.connection)

    async def is_alive(self, caller: Caller) -> bool:
        """Tell whether a caller's session lives; without one, whether the tab has none either."""
        if caller.sid is None:
            tab = caller.connection.tab or ""
            owner = (await stored(self.app, tab, SessionState)).owner()
            return owner is None or not owner[0]
        record = await self.record_of(caller)
        if not caller.connection.is_open:  # no push keeps it in step
            caller.connection.session = self._session(record)
        return record is not None

    def viewer(self, state: BaseState) -> Session | None:
        """Find the session of who sees a state, as it was last verified."""
        tab = current_token() or state.router.session.client_token
        connection = self.connections.find_by_tab(tab)
        if connection is None and (caller := current_caller()) is not None:
            connection = caller.connection if caller.owns(tab) and caller.is_valid else None
        return connection.session if connection is not None and connection.sid else None

    async def is_tab_of_another(self, tab: str) -> bool:
        """Tell whether the socket that is being linked names a tab that isn't its own.

        A tab is its session's. One without a session is its browser's, also after a sign-in there.
        Browsers without a name (cookies are blocked, or another server serves the pages) are not
        told apart, but nothing that they did survives a sign-in. A tab that has no owner is free,
        unless it holds something, as a shared state does.
        """
        connection = current_connection()
        owner = (await stored(self.app, tab, SessionState)).owner()
        if connection is None or owner is None:
            return await holds_something(self.app, tab)
        sid, browser = owner
        if sid:
            return sid != connection.sid
        if connection.sid is None:
            return browser != connection.browser
        return not self.csrf.is_browser_of(connection.browser, connection.sid, browser)

    def note_refusal(self, connection: Connection | None, event: str, why: AuthError | str) -> None:
        """Note an event handler that is not for its caller, once for each socket."""
        if connection is None:
            self.auth.trail.add_rejection(why, path=event)
        else:
            connection.audit_rejection(self.auth.trail, why, path=event, event=event)

    async def sync(self, state: BaseState, caller: Caller | None, *, is_used: bool = True) -> None:
        """Bring a caller's tab in line with the session, as part of the caller's event.

        A caller whose socket is gone, as after a reload, changes nothing that the tab shows.
        """
        session_state = await state.get_state(SessionState)
        session_state.touch()
        if caller is None:
            return
        connection = caller.connection
        is_shown = connection.tab is not None and (
            self.connections.find_by_tab(connection.tab) is connection
        )
        if is_shown:
            session_state.on_connect(connection)
        record = await self.record_of(caller)
        if record is not None and is_used and self.auth.sessions.should_renew(record):
            record = await self._extend(record, session_state, connection)
        if record is not None:
            self._deadlines.schedule(record)
        if is_shown:
            await self._render(state, connection, record)
        else:
            connection.session = self._session(record)

    async def _extend(
        self, record: SessionRecord, session_state: SessionState, connection: Connection
    ) -> SessionRecord | None:
        """Extend a session, and have the browser fetch a cookie that lives as long."""
        extended = await self.auth.sessions.renew(record, device=connection.device)
        if extended is not None and extended.version != record.version:
            session_state.cookie_version = extended.version
        return extended

    def on_notice(self, notice: ev.Notice) -> None:
        """Tell the tabs concerned what happened; does not wait for them."""
        match notice:
            case ev.SessionChanged(record=record):
                self._deadlines.reschedule(record)
                self._push_session(record.id)
            case ev.SessionEnded(sid=sid, reason=reason):
                self._deadlines.cancel(sid)
                is_asked = reason in ("signed-out", "replaced")
                connections = self.connections.unbind(sid, is_requested=is_asked)
                self.callers.end(sid)
                self._spawn_batches(connections, self._push)
            case ev.BrowserSignedIn(browser=browser):
                self._spawn_batches(self.connections.list_by_browser(browser), self._reload)

    def catch_up(self) -> None:
        """Look at every member's tab again, since notices were missed; does not wait for them."""
        self.spawn(self._catch_up())

    async def _catch_up(self) -> None:
        """Take one tab after the other, to be easy on a store that has just come back."""
        for connection in self.connections.list_signed_in():
            await asyncio.wait({self.spawn(self._push(connection))})

    def _push_session(self, sid: str) -> None:
        """Push a session to its tabs: to a few at once, so that none waits for another."""
        connections = self.connections.list_by_session(sid)
        if len(connections) > _BATCH_SIZE:
            self._broadcasts.request(sid)
            return
        for connection in connections:
            self._pushes.request(connection)

    async def _broadcast(self, sid: str) -> None:
        await self._in_batches(self.connections.list_by_session(sid), self._push)

    def _spawn_batches(
        self, connections: list[Connection], act: Callable[[Connection], Coroutine[Any, Any, None]]
    ) -> None:
        if connections:
            self.spawn(self._in_batches(connections, act))

    async def _in_batches(
        self, connections: list[Connection], act: Callable[[Connection], Coroutine[Any, Any, None]]
    ) -> None:
        """Take a few tabs at a time, so that others get their turn; wait for none for long."""
        for start in range(0, len(connections), _BATCH_SIZE):
            if start:
                await asyncio.sleep(_YIELD_SECONDS)
            batch = connections[start : start + _BATCH_SIZE]
            pushes = {self.spawn(act(connection)) for connection in batch}
            await asyncio.wait(pushes, timeout=_BATCH_TIMEOUT)

    def spawn(self, push: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something in the background, for no caller; it may fail if the store does."""
        with running_for(None):
            task = asyncio.create_task(push)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def shutdown(self) -> None:
        """End all that goes on in the background: nobody is there any more to be told."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, StoreUnavailable):  # the store says so
            logger.error("A tab could not be told about its session.", exc_info=error)

    async def _push(self, connection: Connection) -> None:
        """Show a tab its session, unless the tab has closed."""
        if not connection.is_open:
            return

        async def show(state: BaseState) -> None:
            await self._render(state, connection, await self.record(connection))

        await self.modify_tab(connection.tab, show)

    async def _reload(self, connection: Connection) -> None:
        """Have a tab follow a sign-in in another; an error that is explained in it is cleared."""

        async def reload(state: BaseState) -> None:
            session_state = await state.get_state(SessionState)
            if session_state.ticket:
                return
            if connection.explains_error and self.navigation.is_at_sign_in(connection):
                session_state.redirect(self.auth.sign_in_url(callbackUrl=connection.callback_url))
            else:
                session_state.reloads += 1

        await self.modify_tab(connection.tab, reload)

    async def modify_tab(
        self, tab: str | None, act: Callable[[BaseState], Awaitable[None]]
    ) -> None:
        """Change a tab's state from outside of its events, and send it what changed."""
        if tab is None:
            return
        token = rx.BaseStateToken(ident=tab, cls=SessionState)
        async with self.app.modify_state(token) as state:
            await act(state)

    async def _render(
        self, state: BaseState, connection: Connection, record: SessionRecord | None
    ) -> None:
        session_state = await state.get_state(SessionState)
        session = await self.auth.sessions.serializers.to_public(record) if record else None
        sid = record.id if record else ""
        await self._update_viewer(state, connection, record)
        owner = session_state.owner()
        before = connection.displayed_sid if owner is None else owner[0]
        await reset_tab(state, owner=before, sid=sid)
        session_state.set_owner(sid, connection.browser)
        if not session_state.is_current(sid, session):
            session_state.set_view(session)
        connection.displayed_sid = sid
        session_state.redirect(await self.navigation.redirect_for(connection, session))

    async def _update_viewer(
        self, state: BaseState, connection: Connection, record: SessionRecord | None
    ) -> None:
        """Keep the session for what can't wait, and show or hide the vars that depend on it."""
        before, since = connection.session, connection.verified
        connection.session, connection.verified = self._session(record), self.auth.clock()
        for state_class, names in self.guards.changed_vars(
            before, connection.session, self.auth.clock, since=since
        ):
            mark_dirty(await state.get_state(state_class), names)

    def _session(self, record: SessionRecord | None) -> Session | None:
        return self.auth.session(record) if record else None
