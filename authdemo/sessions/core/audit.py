"""The audit trail: who did what, when and from where (ASVS 16.3).

Events never hold a token, a password or a new value, only the names of the changed fields.
They are written in the background: no request waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic_core import to_json

from .errors import AuthError, StoreUnavailable
from .record import Device, SessionRecord
from .text import make_printable
from .utils import Clock, in_background, iso, maybe_await, public_id, system_clock

logger = logging.getLogger("authdemo.sessions")
trail = logging.getLogger("authdemo.sessions.audit")
make_printable((logger.name, trail.name))

AuditKind: TypeAlias = Literal[
    "registered",
    "deleted",
    "impersonated",
    "passkey-added",
    "passkey-removed",
    "second-factor-on",
    "second-factor-off",
    "recovery-codes-renewed",
    "sign-in",
    "sign-in-failed",
    "sign-out-failed",
    "confirmed",
    "renamed",
    "command",
    "update",
    "refused",
    "ended",
    "swept",
]

_MAX_PENDING = 10_000
_MAX_CHARACTERS = 256
_MAX_FIELDS = 32


@dataclass(kw_only=True, slots=True)
class AuditEvent:
    """An entry of the audit trail.

    Attributes:
        kind: What happened. Expired sessions that no request has found are `swept`, all in one
            event; every other session that ends is `ended`.
        at: When, in seconds since 1970.
        reason: The code of the error, why the session ended, or the name of a `command`.
        detail: Which rule was broken, in one word; or why an administrator acts as the user.
        provider: The provider's id.
        user: The id of the user, or the account that a sign-in tried.
        actor: The id of the administrator who acts as the user.
        session: The session's public id.
        ip: The client's address.
        user_agent: The client's `User-Agent`.
        path: The requested path, or the name of an event handler.
        fields: The names of the changed, rejected or mismatched fields.
        author: Who changed them: `client`, `server` or `refresh`; `operator` for a `command`.
        count: How many sessions were swept.
    """

    kind: AuditKind
    at: float = 0.0
    reason: str = ""
    detail: str = ""
    provider: str = ""
    user: str = ""
    actor: str = ""
    session: str = ""
    ip: str = ""
    user_agent: str = ""
    path: str = ""
    fields: tuple[str, ...] = ()
    author: str = ""
    count: int = 0

    def truncate(self) -> None:
        """Truncate what a client may have sent."""
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, str):
                setattr(self, name, value[:_MAX_CHARACTERS])
        self.fields = tuple(name[:_MAX_CHARACTERS] for name in self.fields[:_MAX_FIELDS])

    def as_json(self) -> str:
        """Write the event as one line of printable JSON."""
        fields = {name: value for name in self.__slots__ if (value := getattr(self, name))}
        fields["at"] = iso(self.at)
        return to_json(fields, ensure_ascii=True).decode().replace("\x7f", "\\u007f")

    def log(self) -> None:
        """Write the event to the log `authdemo.sessions.audit`."""
        trail.info(self.as_json())


AuditListener: TypeAlias = Callable[[AuditEvent], None | Awaitable[None]]


def log_event(event: AuditEvent) -> None:
    """Write an event to the log `authdemo.sessions.audit`, the default of `Events.audit`."""
    event.log()


@dataclass(eq=False)
class AuditTrail:
    """Queues events, and calls the app's listener in the background."""

    listener: AuditListener | None = None
    _: KW_ONLY
    clock: Clock = system_clock
    _pending: deque[AuditEvent] = field(default_factory=deque, init=False)
    _has_pending: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _lost: int = field(default=0, init=False)

    def add(
        self,
        event: AuditEvent,
        *,
        record: SessionRecord | None = None,
        device: Device | None = None,
    ) -> None:
        """Queue an event; never waits, and never fails."""
        if self.listener is None:
            return
        if len(self._pending) >= _MAX_PENDING:
            self._lost += 1
            return
        event.at = self.clock()
        if record is not None:
            event.user, event.session = record.user_id, public_id(record.id)
            event.actor = record.actor.id if record.actor else ""
        if device is not None:
            event.ip, event.user_agent = device.ip, device.user_agent
        event.truncate()
        self._pending.append(event)
        self._has_pending.set()

    def add_rejection(
        self,
        why: AuthError | str,
        *,
        path: str,
        record: SessionRecord | None = None,
        device: Device | None = None,
        user: str = "",
        actor: str = "",
        sid: str = "",
    ) -> None:
        """Queue a rejection, unless the store is unavailable: the log says that."""
        if isinstance(why, StoreUnavailable):
            return
        entry = AuditEvent(kind="refused", reason=code_of(why), path=path, user=user, actor=actor)
        entry.session = public_id(sid) if sid else ""
        entry.fields = (why.field,) if isinstance(why, AuthError) and why.field else ()
        self.add(entry, record=record, device=device)

    def add_failure(
        self, kind: AuditKind, error: AuthError, *, device: Device, **fields: Any
    ) -> None:
        """Queue what went wrong with a sign-in, a sign-out or a token, with further fields."""
        event = AuditEvent(kind=kind, reason=error.code, detail=error.reason, **fields)
        self.add(event, device=device)

    @contextlib.asynccontextmanager
    async def lifespan(self, *, max_seconds: float = 5.0) -> AsyncIterator[None]:
        """Run in the background, and deliver at the end what is still pending."""
        async with in_background({"audit trail": self._run}):
            try:
                yield
            finally:
                try:
                    async with asyncio.timeout(max_seconds):
                        await self.flush()
                except TimeoutError:
                    lost = len(self._pending)
                    logger.error("The audit listener takes too long; %d events are lost.", lost)  # noqa: TRY400

    async def flush(self) -> None:
        async with self._lock:
            while self._pending:
                await self._deliver(self._pending[0])
                self._pending.popleft()

    async def _run(self) -> None:
        while await self._has_pending.wait():
            self._has_pending.clear()
            await self.flush()

    async def _deliver(self, event: AuditEvent) -> None:
        if self.listener is None:
            return
        try:
            await maybe_await(self.listener(event))
        except Exception:
            logger.exception("The audit listener failed; an event is lost.")
        if self._lost:
            logger.error("The audit listener is too slow; %d events are lost.", self._lost)
            self._lost = 0


def code_of(why: AuthError | str) -> str:
    """Return an error's code, or the given reason."""
    return why.code if isinstance(why, AuthError) else why
