"""All sessions of a user, live."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import reflex as rx
import ua_parser
from reflex.state import BaseState

from ...core import events as ev
from ...core.record import MAX_HISTORY, Device, HistoryEntry, SessionRecord
from ...core.utils import public_id
from ...engine import AuthCore
from ...http.sockets.callers import current_caller
from ...http.sockets.connections import Connection, Connections
from ...stores.pubsub import REFRESH_SECONDS, Tabs
from .push import Coalescing, Live
from .state import SessionState

ua_parser.parse("")  # the first look makes its tables, which takes too long for the event loop

_PRODUCT = re.compile(r"[\w.-]{1,40}")


class Client(NamedTuple):
    """A program that speaks HTTP."""

    browser: str
    system: str


@lru_cache(maxsize=1024)
def client_of(user_agent: str) -> Client:
    """Name a client by its `User-Agent` (RFC 9110, section 10.1.5)."""
    found = ua_parser.parse(user_agent)
    browser = found.user_agent
    name = f"{browser.family} {browser.major or ''}".strip() if browser else _product(user_agent)
    return Client(name, found.os.family if found.os else "")


def _product(user_agent: str) -> str:
    match = _PRODUCT.match(user_agent)
    return match[0] if match else ""


NOTHING: dict[str, list[dict[str, Any]]] = {"sessions": [], "steps": []}


class OverviewState(rx.State):
    """What one tab shows of its user's sessions; only this package writes here."""

    sessions: rx.Field[list[dict[str, Any]]] = rx.field(default_factory=list)
    steps: rx.Field[list[dict[str, Any]]] = rx.field(default_factory=list)


def overview(
    lives: Iterable[tuple[SessionRecord, Iterable[HistoryEntry]]], current: str, tabs: Tabs
) -> dict[str, list[dict[str, Any]]]:
    """Show sessions to their user."""
    sessions: list[dict[str, Any]] = []
    own: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for record, history in lives:
        is_current = record.id == current
        sessions.append(_session(record, tabs.get(record.id, []), is_current=is_current))
        steps = [_step(record, step, is_current=is_current) for step in history]
        (own if is_current else others).extend(steps)
    others.sort(key=_age)
    return {"sessions": sessions, "steps": sorted(own + others[:MAX_HISTORY], key=_age)}


def _session(record: SessionRecord, tabs: list[str], *, is_current: bool) -> dict[str, Any]:
    return {
        "id": public_id(record.id),
        "current": is_current,
        "created": record.created_at,
        "last_seen": record.last_seen_at,
        "expires": record.expires_at,
        "rev": record.rev,
        "provider": record.provider,
        **_client(record.device),
        "tabs": sorted(tabs),
    }


def _step(record: SessionRecord, step: HistoryEntry, *, is_current: bool) -> dict[str, Any]:
    changes = [
        {"field": name, "old": change.old, "new": change.new}
        for name, change in step.changes.items()
    ]
    return {
        "key": f"{public_id(record.id)[:8]}-{step.rev}-{step.at:.6f}",
        "session": public_id(record.id),
        "current": is_current,
        "rev": step.rev,
        "at": step.at,
        "cause": step.cause,
        "tab": step.tab,
        **_client(step.device or record.device),
        "changes": changes,
    }


def _client(device: Device) -> dict[str, str]:
    client = client_of(device.user_agent)
    return {"browser": client.browser, "system": client.system, "ip": device.ip}


def _age(step: Mapping[str, Any]) -> float:
    return -float(step["at"])


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
        self._auth = auth
        self._connections = connections
        self._live = live
        self._pushes = Coalescing(self._push, start=start)
        self._reports = Coalescing(self._report, start=start)
        connections.tabs_changed = self._reports.ask

    async def watch(self, state: BaseState, *, is_watching: bool) -> None:
        """Begin or stop to show a tab its overview, as part of an event of its own."""
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
                await self._auth.presence.publish(user_id, self._connections.tabs_of(user_id))
            self._push_to("")

    def _push_to(self, user_id: str) -> None:
        """Push to a user's watchers, or to all if it isn't known whose session it was."""
        for connection in self._connections.watchers_of(user_id):
            self._pushes.ask(connection)

    async def _report(self, user_id: str) -> None:
        await self._auth.presence.publish(user_id, self._connections.tabs_of(user_id))
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
            lives = await self._auth.sessions.list_with_history(record.user_id)
            view = overview(lives, record.id, await self.tabs_of(record.user_id))
        for name, value in view.items():
            if getattr(state, name) != value:
                setattr(state, name, value)

    async def tabs_of(self, user_id: str) -> Tabs:
        """List the names of a user's open tabs on all workers, by session id."""
        tabs = self._connections.tabs_of(user_id)
        for sid, names in (await self._auth.presence.remote_tabs(user_id)).items():
            tabs[sid] = [*tabs.get(sid, []), *names]
        return tabs
