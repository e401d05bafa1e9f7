"""The audit trail: who did what, when and from where (ASVS 16.3).

Entries never hold a token, a password or a new value, only the names of the fields
that changed. They are written down in the background: nobody waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

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
    "sign-in",
    "sign-in-failed",
    "sign-out-failed",
    "confirmed",
    "update",
    "refused",
    "ended",
    "swept",
]

_MOST_WAITING = 10_000
_MAX_CHARACTERS = 256
_MAX_FIELDS = 32


@dataclass(kw_only=True, slots=True)
class AuditEvent:
    """One entry of the audit trail, which completes it; see `AuditTrail.add`.

    Attributes:
        kind: What happened. A session is `ended` when somebody ends it, or when it is looked for
            after its time, or doesn't fit the app's user model any more; those that nobody looked
            for in time are `swept`, all in one entry.
        at: When, in seconds since 1970.
        reason: Why: the code of the error that refused, or how the session ended.
        detail: Which rule of it was broken, in one word.
        provider: The id of the provider that somebody signed in with, or tried to.
        user: The id of the user, or of the account that somebody tried.
        session: The session's public id, from which its real one can't be told.
        ip: The address that it came from.
        user_agent: What the client calls itself.
        path: What was asked for: a path, or the name of an event handler.
        fields: The names of the fields that changed, that were refused, or that don't fit the
            app's user model any more.
        author: Who changed them: `client`, `server` or `refresh`.
        count: How many sessions were swept.
    """

    kind: AuditKind
    at: float = 0.0
    reason: str = ""
    detail: str = ""
    provider: str = ""
    user: str = ""
    session: str = ""
    ip: str = ""
    user_agent: str = ""
    path: str = ""
    fields: tuple[str, ...] = ()
    author: str = ""
    count: int = 0

    def cut(self) -> None:
        """Cut what a client may have sent, so that no entry is longer than some kilobytes."""
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, str):
                setattr(self, name, value[:_MAX_CHARACTERS])
        self.fields = tuple(name[:_MAX_CHARACTERS] for name in self.fields[:_MAX_FIELDS])

    def as_json(self) -> str:
        """Write the entry as one line of JSON, in which all that is not printed is escaped."""
        fields = {name: value for name in self.__slots__ if (value := getattr(self, name))}
        fields["at"] = iso(self.at)
        return to_json(fields, ensure_ascii=True).decode().replace("\x7f", "\\u007f")


AuditListener: TypeAlias = Callable[[AuditEvent], None | Awaitable[None]]


def log_event(event: AuditEvent) -> None:
    """Write an entry to the log `authdemo.sessions.audit`; what `Events.audit` does by default."""
    trail.info(event.as_json())


class AuditTrail:
    """Collects entries at once, and hands them to the app's listener in the background."""

    def __init__(
        self, listener: AuditListener | None = None, *, clock: Clock = system_clock
    ) -> None:
        self._listener = listener
        self._clock = clock
        self._waiting: deque[AuditEvent] = deque()
        self._is_waiting = asyncio.Event()
        self._turn = asyncio.Lock()
        self._lost = 0

    def add(
        self,
        event: AuditEvent,
        *,
        record: SessionRecord | None = None,
        device: Device | None = None,
    ) -> None:
        """Note what happened, and when; never waits, and never fails."""
        if self._listener is None:
            return
        if len(self._waiting) >= _MOST_WAITING:
            self._lost += 1
            return
        event.at = self._clock()
        if record is not None:
            event.user, event.session = record.user_id, public_id(record.id)
        if device is not None:
            event.ip, event.user_agent = device.ip, device.user_agent
        event.cut()
        self._waiting.append(event)
        self._is_waiting.set()

    def refused(
        self,
        why: AuthError | str,
        *,
        path: str,
        record: SessionRecord | None = None,
        device: Device | None = None,
        user: str = "",
        sid: str = "",
    ) -> None:
        """Note that something was denied; that the store is away is in the log already."""
        if isinstance(why, StoreUnavailable):
            return
        entry = AuditEvent(kind="refused", reason=code_of(why), path=path, user=user)
        entry.session = public_id(sid) if sid else ""
        entry.fields = (why.field,) if isinstance(why, AuthError) and why.field else ()
        self.add(entry, record=record, device=device)

    @contextlib.asynccontextmanager
    async def kept(self, *, patience: float = 5.0) -> AsyncIterator[None]:
        """Hand entries to the listener, one after the other, in the background.

        At the end those that still wait are handed over as well, so that none is lost, and
        none comes twice.
        """
        async with in_background({"audit trail": self._run}):
            try:
                yield
            finally:
                await self._finish(patience)

    async def flush(self) -> None:
        """Hand over what still waits, when the entry is done that the listener has."""
        async with self._turn:
            while self._waiting:
                await self._hand_over(self._waiting[0])
                self._waiting.popleft()

    async def _run(self) -> None:
        while await self._is_waiting.wait():
            self._is_waiting.clear()
            await self.flush()

    async def _finish(self, patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                await self.flush()
        except TimeoutError:
            lost = len(self._waiting)
            logger.error("The audit listener takes too long; %d entries are lost.", lost)  # noqa: TRY400

    async def _hand_over(self, event: AuditEvent) -> None:
        if self._listener is None:
            return
        try:
            await maybe_await(self._listener(event))
        except Exception:
            logger.exception("The audit listener failed; an entry is lost.")
        if self._lost:
            logger.error("The audit listener is too slow; %d entries are lost.", self._lost)
            self._lost = 0


def code_of(why: AuthError | str) -> str:
    """Name a reason by the code of its error; one that nobody raised is its own name."""
    return why.code if isinstance(why, AuthError) else why
