"""When sessions that tabs show have to be looked at again, so that an end is pushed in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, NamedTuple

from ...core import events as ev
from ...core.errors import StoreUnavailable
from ...core.record import SessionRecord
from ...engine import AuthCore
from ...http.sockets.connections import Connections
from ..protected import Guards

_MAX_WAIT = 86_400.0
_RETRY_SECONDS = 1.0


class _Deadline(NamedTuple):
    """When to look at a session again, as it follows from when its user gave a proof."""

    timer: asyncio.TimerHandle
    confirmed: float


@dataclass(frozen=True, eq=False)
class Deadlines:
    """Looks at a session again when it should be over, or its user's proof too old."""

    auth: AuthCore
    guards: Guards
    connections: Connections
    _: KW_ONLY
    on_notice: Callable[[ev.Notice], None]
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    _deadlines: dict[str, _Deadline] = field(default_factory=dict, init=False)

    def schedule(self, record: SessionRecord) -> None:
        """Look at a session again in time, unless that is settled already."""
        if record.id not in self._deadlines:
            turn = self.guards.next_expiry(self.auth.session(record), self.auth.clock)
            wait = min(turn, record.expires_at) - self.auth.clock() + 1.0
            self._wake(record.id, min(max(wait, 1.0), _MAX_WAIT), record.reauthenticated_at)

    def reschedule(self, record: SessionRecord) -> None:
        """Compute the deadlines of a watched session again after its user has reauthenticated."""
        deadline = self._deadlines.get(record.id)
        if deadline is not None and deadline.confirmed != record.reauthenticated_at:
            self.cancel(record.id)
            self.schedule(record)

    def cancel(self, sid: str) -> None:
        """Look at a session no more."""
        if deadline := self._deadlines.pop(sid, None):
            deadline.timer.cancel()

    def _wake(self, sid: str, wait: float, confirmed: float) -> None:
        timer = asyncio.get_running_loop().call_later(wait, self._check, sid)
        self._deadlines[sid] = _Deadline(timer, confirmed)

    def _check(self, sid: str) -> None:
        deadline = self._deadlines.pop(sid)
        if self.connections.list_by_session(sid):
            self.spawn(self._recheck(sid, deadline.confirmed))

    async def _recheck(self, sid: str, confirmed: float) -> None:
        try:
            record = await self.auth.sessions.find(sid)
        except StoreUnavailable:
            if sid not in self._deadlines:
                self._wake(sid, _RETRY_SECONDS, confirmed)
            return
        if record is not None:
            self.schedule(record)
            self.on_notice(ev.SessionChanged(record, {}))
        else:
            self.on_notice(ev.SessionEnded(sid, "expired"))  # a store may forget without a word
