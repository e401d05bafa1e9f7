"""The caller of each event, in the tabs of Reflex."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import reflex as rx
from reflex.event import Event
from reflex.istate.manager.disk import StateManagerDisk
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken
from reflex.istate.shared import SharedStateBaseInternal
from reflex.state import BaseState, OnLoadInternalState, StateUpdate
from reflex.utils.token_manager import RedisTokenManager, SocketRecord
from reflex_base.constants import CompileVars
from reflex_base.event.context import EventContext

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
        manager = self.app.state_manager
        if not isinstance(manager, StateManagerMemory | StateManagerDisk):
            return
        lock = manager._states_locks.get(tab)
        if self.connections.showing(tab) is None and not (lock and lock.locked()):
            manager._purge_token(rx.BaseStateToken(ident=tab, cls=rx.State))


BOOT_EVENTS = [
    f"{rx.State.get_full_name()}.{name}"
    for name in (CompileVars.HYDRATE, CompileVars.HYDRATE_AND_LOAD)
]
"""What a tab sends whenever its socket is connected, whether or not a person is there."""

_PAGE_LOAD = [
    *BOOT_EVENTS,
    *(
        f"{OnLoadInternalState.get_full_name()}.{name}"
        for name in ("on_load_internal", "set_is_hydrated")
    ),
]
"""Reflex's own events of a page that loads; without them it shows that it is loading."""

Verify = Callable[[Caller], Awaitable[object]]


@dataclass
class EventCallers:
    """Knows the caller of each event that runs or waits, and ends those of a session."""

    app: rx.App
    connections: Connections
    _callers: dict[str, Caller] = field(default_factory=dict, init=False)

    def install(
        self, *, verify: Verify, is_tab_of_another: Callable[[str], Awaitable[bool]]
    ) -> None:
        """Put the checks into the running app."""
        self._bind_events()
        self._guard_states(verify)
        self._guard_deltas()
        self._guard_links(is_tab_of_another)
        self._guard_shared_states()

    def end(self, sid: str) -> None:
        """Cancel what runs or waits for a session.

        The event that ends it goes on, signed out, and so does the loading of a page.
        """
        ending = current_caller()
        futures = self.app.event_processor._futures
        for txid, caller in tuple(self._callers.items()):
            if caller.sid != sid:
                continue
            caller.connection.sid = caller.connection.session = None
            if caller is ending or caller.event in _PAGE_LOAD:
                caller.sid, caller.is_signed_out = None, True
            elif (future := futures.get(txid)) is not None:
                future.cancel()

    def close(self, connection: Connection) -> None:
        """Cancel what signed out, and went on in a page that is gone now."""
        futures = self.app.event_processor._futures
        for txid, caller in tuple(self._callers.items()):
            if caller.connection is connection and caller.is_signed_out and txid in futures:
                futures[txid].cancel()

    def _bind_events(self) -> None:
        processor: Any = self.app.event_processor
        enqueue, create_task = processor.enqueue, processor._create_event_task

        async def enqueue_for_caller(
            token: str, event: Event, ev_ctx: EventContext | None = None
        ) -> Any:
            caller = new_caller(event.name)
            if caller is None:
                return await enqueue(token, event, ev_ctx)
            with self.app.set_contexts():
                context = ev_ctx or EventContext.get().fork(token, event.router_data)
            self._callers[context.txid] = caller
            try:
                future = await enqueue(token, event, context)
            except BaseException:
                del self._callers[context.txid]
                raise
            future.add_done_callback(lambda _: self._callers.pop(context.txid, None))
            return future

        def create_task_for_caller(*, entry: Any, registered_handler: Any) -> asyncio.Task[None]:
            with running_for(self._callers.get(entry.ctx.txid)):
                task: asyncio.Task[None] = create_task(
                    entry=entry, registered_handler=registered_handler
                )
                return task

        processor.enqueue, processor._create_event_task = enqueue_for_caller, create_task_for_caller

    def _guard_states(self, verify: Verify) -> None:
        """Let nothing of a caller touch the caller's tab once the session is over."""
        manager: Any = self.app.state_manager
        modify = manager.modify_state_with_links

        @contextlib.asynccontextmanager
        async def modify_for_caller(
            token: BaseStateToken, *args: Any, **context: Any
        ) -> AsyncIterator[BaseState]:
            async with modify(token, *args, **context) as state:
                caller = current_caller()
                if caller is not None and caller.owns(token.ident):
                    # The middleware verifies what comes first, and has the page's own socket.
                    is_known = context.get("event") is not None and caller.connection.is_open
                    if not caller.is_valid or not (is_known or await verify(caller)):
                        raise asyncio.CancelledError("The session that started this is over.")
                yield state

        manager.modify_state_with_links = modify_for_caller

    def _guard_deltas(self) -> None:
        """Send a tab nothing of a caller whose session is over."""
        namespace: Any = self.app.event_namespace
        emit = namespace.emit_update

        async def emit_for_caller(update: StateUpdate, token: str) -> None:
            caller = current_caller()
            if caller is None or not caller.owns(token) or caller.is_valid:
                await emit(update=update, token=token)

        namespace.emit_update = emit_for_caller

    def _guard_links(self, is_tab_of_another: Callable[[str], Awaitable[bool]]) -> None:
        """Give a socket that names the tab of another a new one."""
        namespace: Any = self.app.event_namespace
        link = namespace.link_token_to_sid

        async def link_own(sid: str, token: str, *, update_state: bool = True) -> None:
            connection = current_connection()
            if connection is None:
                raise LookupError("A socket is linked to a tab without a connection.")
            is_own = not await is_tab_of_another(token) and await self._claim(sid, token)
            if is_own and await is_tab_of_another(token):  # its owner came and left meanwhile
                await namespace._token_manager.disconnect_token(token, sid)
                is_own = False
            if not is_own:
                token = str(uuid.uuid4())
                await namespace.emit("new_token", token, to=sid)
            await link(sid, token, update_state=update_state)
            self.connections.link(connection, namespace.sid_to_token[sid])

        namespace.link_token_to_sid = link_own

    async def _claim(self, sid: str, tab: str) -> bool:
        """Claim a tab for one socket of all workers: Reflex looks and writes in two steps."""
        namespace: Any = self.app.event_namespace
        manager = namespace._token_manager
        known = manager.token_to_socket.get(tab)
        if not isinstance(manager, RedisTokenManager) or (known and known.sid == sid):
            return True
        record = SocketRecord(instance_id=manager.instance_id, sid=sid)
        if not await manager._store_socket_record(tab, record, nx=True):
            return False
        manager.token_to_socket[tab], manager.sid_to_token[sid] = record, tab
        return True

    def _guard_shared_states(self) -> None:
        """Take no tab's name for a shared state's: Reflex keeps both under names of one kind."""
        link: Any = SharedStateBaseInternal._link_to

        async def link_to(state: Any, name: str) -> Any:
            if (await stored(self.app, name, SessionState)).owner() is not None:
                raise AccessDenied("This name is a tab's, and not a shared state's.")
            return await link(state, name)

        SharedStateBaseInternal._link_to = link_to  # type: ignore[assignment,method-assign]
