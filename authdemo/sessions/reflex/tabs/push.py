"""Pushes sessions to their tabs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
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


class Coalescing(Generic[Key]):
    """Does something for a key soon: one at a time, and never more than once too late."""

    def __init__(
        self,
        act: Callable[[Key], Awaitable[None]],
        *,
        start: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._act = act
        self._start = start
        self._is_asked: dict[Key, bool] = {}

    def ask(self, key: Key) -> None:
        """Have it done for a key; does not wait."""
        if key in self._is_asked:
            self._is_asked[key] = True
        else:
            self._is_asked[key] = False
            self._start(self._run(key))

    async def _run(self, key: Key) -> None:
        try:
            await self._act(key)
        finally:  # whoever asked meanwhile is not let down, even if it failed
            if self._is_asked.pop(key):
                self.ask(key)


logger = logging.getLogger("authdemo.sessions")

_BATCH_SIZE = 6
_LONGEST_HANDFUL = 0.05
_YIELD_SECONDS = 0.001


class Live:
    """Pushes sessions to tabs, and knows whose tab an event comes from."""

    def __init__(
        self,
        app: rx.App,
        auth: AuthCore,
        guards: Guards,
        connections: Connections,
        ways: Navigation,
        *,
        csrf: Csrf,
    ) -> None:
        self._app = app
        self._csrf = csrf
        self.callers = EventCallers(
            app, connections, verify=self.is_alive, is_tab_of_another=self.is_tab_of_another
        )
        self._closed_tabs = ClosedTabs(app, connections)
        connections.closed = self._close
        self._ways = ways
        self._guards = guards
        self._auth = auth
        self.connections = connections
        self._tasks: set[asyncio.Task[None]] = set()
        self._pushes = Coalescing(self._push, start=self.start)
        self._crowds = Coalescing(self._push_to_all, start=self.start)
        self._deadlines = Deadlines(auth, guards, connections, hear=self.hear, start=self.start)

    async def record(self, connection: Connection | None) -> SessionRecord | None:
        """Find the living session of a socket."""
        if connection is None or connection.sid is None:
            return None
        return await self._auth.sessions.find(connection.sid)

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
            owner = (await stored(self._app, tab, SessionState)).owner()
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
        owner = (await stored(self._app, tab, SessionState)).owner()
        if connection is None or owner is None:
            return await holds_something(self._app, tab)
        sid, browser = owner
        if sid:
            return sid != connection.sid
        if connection.sid is None:
            return browser != connection.browser
        return not self._csrf.is_browser_of(connection.browser, connection.sid, browser)

    def note_refusal(self, connection: Connection | None, event: str, why: AuthError | str) -> None:
        """Note an event handler that is not for its caller, once for each socket."""
        if connection is None:
            self._auth.trail.add_rejection(why, path=event)
        else:
            connection.audit_rejection(self._auth.trail, why, path=event, event=event)

    async def settle(
        self, state: BaseState, caller: Caller | None, *, is_used: bool = True
    ) -> None:
        """Bring a caller's tab in line with the session, as part of the caller's event.

        A caller whose socket is gone, as after a reload, changes nothing that the tab shows.
        """
        session_state = await state.get_state(SessionState)
        session_state.last()
        if caller is None:
            return
        connection = caller.connection
        is_shown = connection.tab is not None and (
            self.connections.find_by_tab(connection.tab) is connection
        )
        if is_shown:
            session_state.meet(connection)
        record = await self.record_of(caller)
        if record is not None and is_used and self._auth.sessions.should_renew(record):
            record = await self._extend(record, session_state, connection)
        if record is not None:
            self._deadlines.watch(record)
        if is_shown:
            await self._show(state, connection, record)
        else:
            connection.session = self._session(record)

    async def _extend(
        self, record: SessionRecord, session_state: SessionState, connection: Connection
    ) -> SessionRecord | None:
        """Extend a session, and have the browser fetch a cookie that lives as long."""
        extended = await self._auth.sessions.renew(record, device=connection.device)
        if extended is not None and extended.version != record.version:
            session_state.cookie_step = extended.version
        return extended

    def hear(self, notice: ev.Notice) -> None:
        """Tell the tabs concerned what happened; does not wait for them."""
        match notice:
            case ev.SessionChanged(record=record):
                self._deadlines.update(record)
                self._tell(record.id)
            case ev.SessionEnded(sid=sid, reason=reason):
                self._deadlines.forget(sid)
                is_asked = reason in ("signed-out", "replaced")
                connections = self.connections.unbind(sid, is_requested=is_asked)
                self.callers.end(sid)
                self._each(connections, self._push)
            case ev.BrowserSignedIn(browser=browser):
                self._each(self.connections.list_by_browser(browser), self._reload)

    def catch_up(self) -> None:
        """Look at every member's tab again, since notices were missed; does not wait for them."""
        self.start(self._catch_up())

    async def _catch_up(self) -> None:
        """Take one tab after the other, to be easy on a store that has just come back."""
        for connection in self.connections.list_signed_in():
            await asyncio.wait({self.start(self._push(connection))})

    def _tell(self, sid: str) -> None:
        """Push a session to its tabs: to a few at once, so that none waits for another."""
        connections = self.connections.list_by_session(sid)
        if len(connections) > _BATCH_SIZE:
            self._crowds.ask(sid)
            return
        for connection in connections:
            self._pushes.ask(connection)

    async def _push_to_all(self, sid: str) -> None:
        await self._in_batches(self.connections.list_by_session(sid), self._push)

    def _each(
        self, connections: list[Connection], act: Callable[[Connection], Coroutine[Any, Any, None]]
    ) -> None:
        if connections:
            self.start(self._in_batches(connections, act))

    async def _in_batches(
        self, connections: list[Connection], act: Callable[[Connection], Coroutine[Any, Any, None]]
    ) -> None:
        """Take a few tabs at a time, so that others get their turn; wait for none for long."""
        for start in range(0, len(connections), _BATCH_SIZE):
            if start:
                await asyncio.sleep(_YIELD_SECONDS)
            handful = connections[start : start + _BATCH_SIZE]
            pushes = {self.start(act(connection)) for connection in handful}
            await asyncio.wait(pushes, timeout=_LONGEST_HANDFUL)

    def start(self, push: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something in the background, for no caller; it may fail if the store does."""
        with running_for(None):
            task = asyncio.create_task(push)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def rest(self) -> None:
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
        """Show a tab its session, unless it has closed by now."""
        if not connection.is_open:
            return

        async def show(state: BaseState) -> None:
            await self._show(state, connection, await self.record(connection))

        await self.with_tab(connection.tab, show)

    async def _reload(self, connection: Connection) -> None:
        """Have a tab follow a sign-in in another; an error that is explained in it is over."""

        async def reload(state: BaseState) -> None:
            session_state = await state.get_state(SessionState)
            if session_state.ticket:
                return
            if connection.explains_error and self._ways.is_at_sign_in(connection):
                session_state.lead(self._auth.sign_in_url(callbackUrl=connection.callback_url))
            else:
                session_state.reloads += 1

        await self.with_tab(connection.tab, reload)

    async def with_tab(self, tab: str | None, act: Callable[[BaseState], Awaitable[None]]) -> None:
        """Change a tab's state from outside of its events, and send it what changed."""
        if tab is None:
            return
        token = rx.BaseStateToken(ident=tab, cls=SessionState)
        async with self._app.modify_state(token) as state:
            await act(state)

    async def _show(
        self, state: BaseState, connection: Connection, record: SessionRecord | None
    ) -> None:
        session_state = await state.get_state(SessionState)
        session = await self._auth.sessions.serializers.to_public(record) if record else None
        sid = record.id if record else ""
        await self._remember(state, connection, record)
        owner = session_state.owner()
        before = connection.displayed_sid if owner is None else owner[0]
        await reset_tab(state, owner=before, sid=sid)
        session_state.belong(sid, connection.browser)
        if not session_state.shows(sid, session):
            session_state.show(session)
        connection.displayed_sid = sid
        session_state.lead(await self._ways.elsewhere(connection, session))

    async def _remember(
        self, state: BaseState, connection: Connection, record: SessionRecord | None
    ) -> None:
        """Keep the session for what can't wait, and show or hide the vars that depend on it."""
        before, since = connection.session, connection.verified
        connection.session, connection.verified = self._session(record), self._auth.clock()
        for state_class, names in self._guards.turned(
            before, connection.session, self._auth.clock, since=since
        ):
            mark_dirty(await state.get_state(state_class), names)

    def _session(self, record: SessionRecord | None) -> Session | None:
        return self._auth.session(record) if record else None
