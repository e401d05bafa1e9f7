"""Pushes sessions to their tabs, and sends tabs to the pages that they may show."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

import reflex as rx
from reflex.state import BaseState

from ...core import events as ev
from ...core.errors import StoreUnavailable
from ...core.record import SessionRecord
from ...core.rules import Rule, Verdict, page_path
from ...engine import Engine
from ...http.context import actor_return_url
from ...http.sockets.caller import Caller, running_for
from ...http.sockets.connections import Connection, Connections
from ...stores.pubsub import REFRESH_SECONDS, Tabs
from ..compat import keep_alive, mark_dirty
from ..protected import Guards
from .computed_vars import follow_session
from .isolation import TabIsolation
from .state import SessionState, reset_tab

Key = TypeVar("Key")
Work: TypeAlias = Coroutine[Any, Any, None]


@dataclass(frozen=True, eq=False)
class Coalescing(Generic[Key]):
    """Does something for a key soon: one at a time, and never more than once too late."""

    act: Callable[[Key], Awaitable[None]]
    _: KW_ONLY
    spawn: Callable[[Work], object]
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
_MAX_WAIT = 86_400.0
_RETRY_SECONDS = 1.0

_END_CODES = {"signed-out": "", "replaced": "", "stopped": "", "deleted": "deleted"}
"""What the sign-in page says of a session, by the reason of its end; by default that it ended."""

REFUSED = "/refused"
"""Where a member is led from a page that is not for them, if another server hands it out."""


@dataclass(eq=False)
class TabSync:
    """Keeps tabs in line with their sessions."""

    app: rx.App
    engine: Engine
    guards: Guards
    connections: Connections
    isolation: TabIsolation
    _: KW_ONLY
    serves_pages: bool
    _deadlines: dict[str, asyncio.TimerHandle] = field(default_factory=dict, init=False)
    _pushes: Coalescing[Connection] = field(init=False)
    _broadcasts: Coalescing[str] = field(init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._pushes = Coalescing(self._push, spawn=self.spawn)
        self._broadcasts = Coalescing(self._broadcast, spawn=self.spawn)

    async def sync(self, state: BaseState, caller: Caller | None, *, is_used: bool = True) -> None:
        """Bring a caller's tab in line with the session, as part of the caller's event.

        A caller whose socket is gone, as after a reload, changes nothing that the tab shows.
        """
        session_state = await state.get_state(SessionState)
        keep_alive(session_state)  # for as long as what the event changes elsewhere in the tab
        if caller is None:
            return
        connection = caller.connection
        is_shown = connection.tab is not None and (
            self.connections.find_by_tab(connection.tab) is connection
        )
        if is_shown:
            session_state.on_connect(connection)
        record = await self.isolation.find_record(caller)
        if record is not None and is_used and self.engine.sessions.should_renew(record):
            record = await self._extend(record, session_state, connection)
        if record is not None and record.id not in self._deadlines:
            self._schedule(record)
        if is_shown:
            await self._render(state, connection, record, is_leaving=caller.is_signed_out)
        else:
            connection.session = self.engine.session(record) if record else None

    async def _extend(
        self, record: SessionRecord, session_state: SessionState, connection: Connection
    ) -> SessionRecord | None:
        """Extend a session, and have the browser fetch a cookie that lives as long."""
        extended = await self.engine.sessions.renew(record, device=connection.device)
        if extended is not None and extended.version != record.version:
            session_state.cookie_version = extended.version
        return extended

    def on_notice(self, notice: ev.Notice) -> None:
        """Push what happened to the tabs concerned; does not wait for them."""
        match notice:
            case ev.SessionChanged(record=record):
                if timer := self._deadlines.pop(record.id, None):
                    timer.cancel()
                    self.spawn(self._recheck(record.id, is_due=False))
                self._push_session(record.id)
            case ev.SessionEnded(sid=sid, reason=reason):
                if timer := self._deadlines.pop(sid, None):
                    timer.cancel()
                connections = self.connections.unbind(sid, _END_CODES.get(reason, "ended"))
                self.isolation.end(sid)
                self.spawn(self._in_batches(connections, self._push))
            case ev.BrowserSignedIn(browser=browser, sid=sid):
                connections = self.connections.list_by_browser(browser)
                connections += self.connections.list_by_session(sid)
                self.spawn(self._in_batches(connections, self._reload))

    def catch_up(self) -> None:
        """Push to every member's tab again, since notices were missed; does not wait for them."""
        self.spawn(self._catch_up())

    async def _catch_up(self) -> None:
        """Take one tab after the other, to be easy on a store that has just come back."""
        for connection in self.connections.list_signed_in():
            await asyncio.wait({self.spawn(self._push(connection))})

    def _schedule(self, record: SessionRecord) -> None:
        """Read a session again when it should have ended, or its user's proof be too old."""
        now = self.engine.clock()
        expiry = self.guards.next_expiry(self.engine.session(record), self.engine.clock)
        wait = min(expiry, record.expires_at) - now + 1.0
        self._recheck_in(min(max(wait, 1.0), _MAX_WAIT), record.id)

    def _recheck_in(self, seconds: float, sid: str) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._check_deadline, sid)
        self._deadlines[sid] = timer

    def _check_deadline(self, sid: str) -> None:
        del self._deadlines[sid]
        if self.connections.list_by_session(sid):
            self.spawn(self._recheck(sid, is_due=True))

    async def _recheck(self, sid: str, *, is_due: bool) -> None:
        """Read a session that is due, or that another version of the app may have changed."""
        try:
            record = await self.engine.sessions.find(sid)
        except StoreUnavailable:
            if sid not in self._deadlines:
                self._recheck_in(_RETRY_SECONDS, sid)
            return
        if record is not None and sid not in self._deadlines:
            self._schedule(record)
        if is_due and record is None:  # a store may drop it without a notice
            self.on_notice(ev.SessionEnded(sid, "expired"))
        elif is_due:
            self._push_session(sid)

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

    async def _in_batches(
        self, connections: list[Connection], act: Callable[[Connection], Work]
    ) -> None:
        """Take a few tabs at a time, so that others get their turn; wait for none for long."""
        for start in range(0, len(connections), _BATCH_SIZE):
            if start:
                await asyncio.sleep(_YIELD_SECONDS)
            batch = connections[start : start + _BATCH_SIZE]
            pushes = {self.spawn(act(connection)) for connection in batch}
            await asyncio.wait(pushes, timeout=_BATCH_TIMEOUT)

    def spawn(self, push: Work) -> asyncio.Task[None]:
        """Run something in the background, for no caller; it may fail if the store does."""
        with running_for(None):
            task = asyncio.create_task(push)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def shutdown(self) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, StoreUnavailable):  # the store says so
            logger.error("A session could not be pushed to a tab.", exc_info=error)

    async def _push(self, connection: Connection) -> None:
        """Show a tab its session, unless the tab has closed."""
        if not connection.is_open:
            return

        async def show(state: BaseState) -> None:
            sid = connection.sid
            record = await self.engine.sessions.find(sid) if sid is not None else None
            await self._render(state, connection, record)

        await self.modify_tab(connection.tab, show)

    async def _reload(self, connection: Connection) -> None:
        """Have a tab follow a sign-in in another; an error that is explained in it is cleared."""

        async def reload(state: BaseState) -> None:
            session_state = await state.get_state(SessionState)
            if session_state.ticket:
                return
            if connection.explains_error and self._is_at_sign_in(connection):
                session_state.redirect(self.engine.sign_in_url(callbackUrl=connection.callback_url))
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
        self,
        state: BaseState,
        connection: Connection,
        record: SessionRecord | None,
        *,
        is_leaving: bool = False,
    ) -> None:
        session_state = await state.get_state(SessionState)
        session = await self.engine.sessions.serializers.to_public(record) if record else None
        sid = record.id if record else ""
        is_changed = await self._update_viewer(state, connection, record)
        owner = session_state.owner()
        before = connection.displayed_sid if owner is None else owner[0]
        await reset_tab(state, owner=before, sid=sid)
        session_state.show(session, sid=sid, browser=connection.browser, is_changed=is_changed)
        session_state.accept_proof(connection.session)
        connection.displayed_sid = sid
        if not is_leaving:  # the event that signed out may say where to; the push comes after it
            session_state.redirect(await self.redirect_for(connection, session))

    async def _update_viewer(
        self, state: BaseState, connection: Connection, record: SessionRecord | None
    ) -> bool:
        """Keep the session for what can't wait, and show or hide the vars that depend on it."""
        follow_session()
        before, since = connection.session, connection.verified
        connection.session = self.engine.session(record) if record else None
        connection.verified = self.engine.clock()
        for state_class, names in self.guards.changed_vars(
            before, connection.session, self.engine.clock, since=since
        ):
            mark_dirty(await state.get_state(state_class), names)
        return before != connection.session

    def sign_in_url(self, connection: Connection | None) -> str:
        """Find the sign-in page for a signed-out tab (Auth.js: `SessionRequired`)."""
        here = connection.address if connection else "/"
        code = connection.end_code if connection else ""
        why = {"error": "SessionRequired", "code": code} if code else {}
        return self.engine.sign_in_url(callbackUrl=here, **why)

    def _is_at_sign_in(self, connection: Connection) -> bool:
        return page_path(connection.path) == page_path(self.engine.pages.sign_in)

    async def redirect_for(self, connection: Connection, session: Mapping[str, Any] | None) -> str:
        """Decide where a tab has to go from the page that it shows."""
        if session is None and connection.post_logout_url:
            return connection.post_logout_url
        if session is None and connection.actor:
            return actor_return_url(connection.base_url, connection.address)
        rule = self.engine.page_rules.of(page_path(connection.path))
        if rule is not None and (url := await self._redirect_by_rule(rule, connection)):
            return url
        if (
            session is not None
            and self._is_at_sign_in(connection)
            and not connection.explains_error
        ):
            target = await self.engine.redirect(connection.callback_url, connection.base_url)
            return connection.path_of(target)
        return ""

    async def _redirect_by_rule(self, rule: Rule, connection: Connection) -> str:
        match await rule.decide(connection.session, self.engine.clock):
            case Verdict.SIGN_IN:
                return self.sign_in_url(connection)
            case Verdict.CONFIRM if not self.serves_pages:
                return self.engine.confirm_url(connection.address, level=rule.level)
            case Verdict.DENIED:
                return connection.address if self.serves_pages else REFUSED
        return ""


@dataclass(eq=False)
class OpenTabs:
    """Publishes the tabs that are open on this worker, and knows those of the others."""

    engine: Engine
    connections: Connections
    spawn: Callable[[Work], object]
    _reports: Coalescing[str] = field(init=False)

    def __post_init__(self) -> None:
        self._reports = Coalescing(self._report, spawn=self.spawn)
        self.connections.tabs_changed = self._reports.request

    async def of(self, user_id: str) -> Tabs:
        """List the names of a user's open tabs, by session id."""
        tabs = self.connections.tabs_of(user_id)
        if relay := self.engine.relay:
            for sid, names in (await relay.remote_tabs(user_id)).items():
                tabs[sid] = [*tabs.get(sid, []), *names]
        return tabs

    async def run(self) -> None:
        """Publish the tabs of this worker again and again, if there can be others."""
        while self.engine.relay:
            await asyncio.sleep(REFRESH_SECONDS)
            for user_id in self.connections.users():
                await self._publish(user_id)

    async def _publish(self, user_id: str) -> None:
        if self.engine.relay:
            await self.engine.relay.publish_tabs(user_id, self.connections.tabs_of(user_id))

    async def _report(self, user_id: str) -> None:
        await self._publish(user_id)
        self.engine.sessions.feed.publish(ev.TabsChanged(user_id))
