"""Keeps every tab that inspects in step with all of its user's sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from reflex.state import BaseState

from ...core import events as ev
from ...http.sockets.callers import current_caller
from ...http.sockets.connections import Connection, Connections
from ...setup.auth import AuthCore
from ...stores.presence import REFRESH_SECONDS, Tabs
from .coalescing import Coalescing
from .live import Live
from .overview import NOTHING, OverviewState, overview
from .state import SessionState


class Overviews:
    """Pushes overviews to those who watch, and tells other workers of the tabs that are open."""

    def __init__(
        self,
        auth: AuthCore,
        connections: Connections,
        live: Live,
        *,
        start: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """Connect the parts.

        Args:
            auth: The app's sessions.
            connections: The open sockets.
            live: Knows the tabs.
            start: Runs something in the background.
        """
        self._auth = auth
        self._connections = connections
        self._live = live
        self._pushes = Coalescing(self._push, start=start)
        self._reports = Coalescing(self._report, start=start)
        connections.tabs_changed = self._reports.ask

    async def watch(self, state: BaseState, *, is_watching: bool) -> None:
        """Begin or stop to show a tab its overview, as part of an event of its own.

        Args:
            state: A state of the tab.
            is_watching: Whether it is to be shown from now on.
        """
        (await state.get_state(SessionState)).watch(is_watching=is_watching)
        caller = current_caller()
        if caller is not None and caller.is_valid:
            connection = caller.connection
            self._connections.watch(connection, is_watching=is_watching)
            await self._show(await state.get_state(OverviewState), connection)

    def hear(self, notice: ev.Notice) -> None:
        """Tell the watchers concerned; does not wait for them."""
        match notice:
            case ev.SessionChanged(record=record):
                self._push_to(record.user_id)
            case (
                ev.SessionBegan(user_id=user_id)
                | ev.SessionEnded(user_id=user_id)
                | ev.TabsChanged(user_id=user_id)
            ):
                self._push_to(user_id)

    async def run(self) -> None:
        """Say again and again that the tabs of this worker are open, if there can be others."""
        while self._auth.presence.is_shared:
            await asyncio.sleep(REFRESH_SECONDS)
            for user_id in self._connections.users():
                await self._auth.presence.say(user_id, self._connections.tabs_of(user_id))
            self._push_to("")

    def _push_to(self, user_id: str) -> None:
        """Push to a user's watchers, or to all if it isn't known whose session it was."""
        for connection in self._connections.watchers_of(user_id):
            self._pushes.ask(connection)

    async def _report(self, user_id: str) -> None:
        await self._auth.presence.say(user_id, self._connections.tabs_of(user_id))
        self._auth.sessions.feed.publish(ev.TabsChanged(user_id))

    async def _push(self, connection: Connection) -> None:
        async def show(state: BaseState) -> None:
            await self._show(await state.get_state(OverviewState), connection)

        await self._live.with_tab(connection.tab, show)

    async def _show(self, state: OverviewState, connection: Connection) -> None:
        """Show a tab what is so now: its session is verified anew."""
        is_watching = self._connections.is_watching(connection)
        record = await self._live.record(connection) if is_watching else None
        view = NOTHING
        if record is not None:
            lives = await self._auth.sessions.lives_of(record.user_id)
            view = overview(lives, record.id, await self._tabs(record.user_id))
        for name, value in view.items():
            if getattr(state, name) != value:
                setattr(state, name, value)

    async def _tabs(self, user_id: str) -> Tabs:
        tabs = self._connections.tabs_of(user_id)
        for sid, names in (await self._auth.presence.elsewhere(user_id)).items():
            tabs[sid] = [*tabs.get(sid, []), *names]
        return tabs
