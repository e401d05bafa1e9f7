"""Keeps every open tab in step with its session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import reflex as rx
from reflex.istate.data import RouterData
from reflex.state import BaseState

from ...core import events as ev
from ...core.audit import code_of
from ...core.errors import AuthError, StoreUnavailable
from ...core.record import SessionRecord
from ...core.session import Session
from ...http.sockets.connections import Connection, Connections
from ...http.sockets.handshake import SCHEME
from ...setup.auth import AuthCore
from ..protection.guards import Guards
from .coalescing import Coalescing
from .deadlines import Deadlines
from .state import SessionState
from .tree import hand_over
from .ways import Ways

logger = logging.getLogger("authdemo.sessions")

_HANDFUL = 6
_LONGEST_HANDFUL = 0.05
_BREATH = 0.001


class Live:
    """Pushes sessions to tabs, and knows whose tab an event comes from."""

    def __init__(
        self,
        app: rx.App,
        auth: AuthCore,
        guards: Guards,
        connections: Connections,
        ways: Ways,
    ) -> None:
        """Connect an app to its sessions.

        Args:
            app: The Reflex app.
            auth: The app's sessions.
            guards: Knows which vars are for whom.
            connections: The open sockets.
            ways: Knows where tabs have to go.
        """
        self._app = app
        self._ways = ways
        self._guards = guards
        self._auth = auth
        self.connections = connections
        self._tasks: set[asyncio.Task[None]] = set()
        self._pushes = Coalescing(self._push, start=self.start)
        self._crowds = Coalescing(self._push_to_all, start=self.start)
        self._deadlines = Deadlines(auth, guards, connections, hear=self.hear, start=self.start)

    def connection(self, state: BaseState) -> Connection | None:
        """Find the socket that the running event came through.

        Args:
            state: The state of the event handler.

        Returns:
            The socket, or None if it is closed by now.
        """
        return self.connection_of(state.router)

    def connection_of(self, router: RouterData) -> Connection | None:
        """Find the socket behind what Reflex knows of an event's way; see `connection`."""
        header = router.headers.raw_headers.get("authorization", "")
        return self.connections.find(header.removeprefix(f"{SCHEME} "))

    async def record(self, connection: Connection | None) -> SessionRecord | None:
        """Find the living session of a socket.

        Args:
            connection: The socket.

        Returns:
            The newest record, or None.

        Raises:
            StoreUnavailable: If the store can't say.
        """
        if connection is None or connection.sid is None:
            return None
        return await self._auth.sessions.find(connection.sid)

    def note_refusal(self, state: BaseState, event: str, why: AuthError | str) -> None:
        """Note that somebody called an event handler that is not for them, once for each socket.

        Args:
            state: A state of the tab.
            event: The handler's name.
            why: The error, or its code where nobody raised one.
        """
        connection = self.connection(state)
        if connection is None:
            self._auth.trail.refused(why, path=event)
        elif connection.is_first(code_of(why), event):
            connection.note_refusal(self._auth.trail, why, path=event)

    async def settle(
        self, state: BaseState, connection: Connection | None, *, is_used: bool = True
    ) -> None:
        """Bring one tab's state in line with the truth, as part of an event of its own.

        Args:
            state: A state of the tab, whose lock the caller holds.
            connection: The tab's socket.
            is_used: Whether somebody is there, so that the session is to live on.
        """
        session_state = await state.get_state(SessionState)
        session_state.last()
        if connection is not None:
            session_state.meet(connection)
            self.connections.watch(connection, is_watching=session_state.watches())
        record = await self.record(connection)
        if record is not None and is_used and self._auth.sessions.renewals.is_due(record):
            record = await self._extend(record, session_state, connection)
        if record is not None:
            self._deadlines.watch(record)
        await self._show(state, connection, record)

    async def _extend(
        self, record: SessionRecord, session_state: SessionState, connection: Connection | None
    ) -> SessionRecord | None:
        """Extend a session, and have the browser fetch a cookie that lives as long."""
        device = connection.device if connection else None
        extended = await self._auth.sessions.renewals.extend(record, device=device)
        if extended is not None and extended.steps != record.steps:
            session_state.cookie_step = extended.steps
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
                self._each(self.connections.unbind(sid, is_asked=is_asked), self._push)
            case ev.BrowserSignedIn(browser=browser):
                self._each(self.connections.of_browser(browser), self._reload)

    def catch_up(self) -> None:
        """Look at every member's tab again, since notices were missed; does not wait for them."""
        self.start(self._catch_up())

    async def _catch_up(self) -> None:
        """Take one tab after the other, to be easy on a store that has just come back."""
        for connection in self.connections.of_members():
            await asyncio.wait({self.start(self._push(connection))})

    def _tell(self, sid: str) -> None:
        """Push a session to its tabs: to a few at once, so that none waits for another."""
        connections = self.connections.of_session(sid)
        if len(connections) > _HANDFUL:
            self._crowds.ask(sid)
            return
        for connection in connections:
            self._pushes.ask(connection)

    async def _push_to_all(self, sid: str) -> None:
        await self._by_the_handful(self.connections.of_session(sid), self._push)

    def _each(
        self, connections: list[Connection], act: Callable[[Connection], Coroutine[Any, Any, None]]
    ) -> None:
        if connections:
            self.start(self._by_the_handful(connections, act))

    async def _by_the_handful(
        self, connections: list[Connection], act: Callable[[Connection], Coroutine[Any, Any, None]]
    ) -> None:
        """Take a few tabs at a time, so that others get their turn; wait for none for long."""
        for start in range(0, len(connections), _HANDFUL):
            if start:
                await asyncio.sleep(_BREATH)
            handful = connections[start : start + _HANDFUL]
            pushes = {self.start(act(connection)) for connection in handful}
            await asyncio.wait(pushes, timeout=_LONGEST_HANDFUL)

    def start(self, push: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something in the background; it may fail if the store does."""
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
        if self.connections.find(connection.id) is None:
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
            if connection.is_told and self._ways.is_at_sign_in(connection):
                session_state.lead(self._auth.sign_in_url(callbackUrl=connection.wanted))
            else:
                session_state.reloads += 1

        await self.with_tab(connection.tab, reload)

    async def with_tab(self, tab: str | None, act: Callable[[BaseState], Awaitable[None]]) -> None:
        """Change a tab's state from outside of its events, and send it what changed.

        Args:
            tab: What the tab calls itself; None, which has no state, if its socket hasn't said yet.
            act: Gets the state.
        """
        if tab is None:
            return
        token = rx.BaseStateToken(ident=tab, cls=SessionState)
        async with self._app.modify_state(token) as state:
            await act(state)

    async def _show(
        self,
        state: BaseState,
        connection: Connection | None,
        record: SessionRecord | None,
    ) -> None:
        session_state = await state.get_state(SessionState)
        session = await self._auth.sessions.faces.public(record) if record else None
        sid = record.id if record else ""
        if connection is not None:
            await self._remember(state, connection, record)
        shown = connection.shown if connection else None
        owner = session_state.owner()
        await hand_over(state, owner=shown if owner is None else owner, sid=sid)
        if not session_state.shows(sid, session):
            session_state.show(sid, session)
        if connection is not None:
            connection.shown = sid
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
            mine = await state.get_state(state_class)
            mine.dirty_vars.update(names)
            mine._mark_ancestors_dirty()

    def _session(self, record: SessionRecord | None) -> Session | None:
        return self._auth.session(record) if record else None
