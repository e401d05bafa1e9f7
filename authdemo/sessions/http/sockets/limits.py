"""Limits of sockets: connections, messages and uploads."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.audit import AuditTrail
from ...core.errors import AuthError, RequestRejected, TooManySockets
from ...core.rate_limit import TokenBucket
from ...core.session import Session
from ...core.settings import Settings
from ...engine import AuthCore
from .. import responses
from ..context import RequestContext, RequestContexts, device_of
from ..headers import find_header
from ..responses import Response
from .callers import serving
from .connections import Connection, Connections


@dataclass(frozen=True, slots=True)
class ConnectionLimit:
    """Counts the open sockets of each client."""

    most: int
    _taken: Counter[str] = field(default_factory=Counter, init=False)

    @contextmanager
    def take(self, client: str) -> Iterator[None]:
        """Take a place for as long as a socket is open."""
        if self._taken[client] >= self.most:
            raise TooManySockets
        self._taken[client] += 1
        try:
            yield
        finally:
            self._taken[client] -= 1
            if not self._taken[client]:
                del self._taken[client]


TOO_LARGE = 1009
"""The close code of a message that is too big (RFC 6455 section 7.4.1)."""


@dataclass(frozen=True, eq=False)
class SocketLimits:
    """Stands between a socket and the app: slows down who sends too much, and stops junk."""

    receive: Receive
    connection: Connection
    _: KW_ONLY
    settings: Settings
    trail: AuditTrail
    is_event: Callable[[str], bool]

    async def __call__(self) -> Message:
        """Receive the next message that may pass.

        A tab that sends faster than the operator allows waits for its turn; nobody else does.
        """
        while True:
            message = await self.receive()
            if message["type"] != "websocket.receive":
                return message
            await throttle(self.connection.bucket)
            text = message.get("text") or ""
            if _size(text) > self.settings.event_bytes or message.get("bytes"):
                self._note("TooLarge")
                return {"type": "websocket.disconnect", "code": TOO_LARGE}
            if self.is_event(text):
                return message
            self._note("UnknownEvent")

    def _note(self, reason: str) -> None:
        if self.connection.is_first(reason):
            self.connection.note_refusal(self.trail, reason, path=self.connection.path)


async def throttle(bucket: TokenBucket) -> None:
    """Wait until a tab may send its next event."""
    if wait := bucket.take():
        await asyncio.sleep(wait)
        bucket.take()


def _size(text: str) -> int:
    """Count the bytes that a text takes as UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


TAB = b"reflex-client-token"
"""The header by which a request says whose event it brings; Reflex takes none without it."""

HANDLER = b"reflex-event-handler"
"""The header that names the event handler; Reflex takes no event without it, either."""


@dataclass(frozen=True, eq=False)
class Uploads:
    """Lets files through from the session that has the tab open, for handlers that it may call.

    Reflex runs such an event in the tab that the request names, and answers with what that
    changes there. The name of a tab is no secret: it is in the address of the tab's socket.
    """

    app: ASGIApp
    _: KW_ONLY
    auth: AuthCore
    contexts: RequestContexts
    connections: Connections
    authorize: Callable[[str, Session | None, Connection], Awaitable[None]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one request, at whatever address; all that name no tab pass."""
        tab = find_header(scope, TAB) if scope["type"] == "http" else None
        if tab is None or scope["method"] == "OPTIONS":
            await self.app(scope, receive, send)
            return
        context = None
        try:
            context = await self._context(scope)
            owner = self._owner(context, tab)
            await self._check(scope, context, owner)
        except AuthError as error:
            await self._refusal(scope, error, context)(scope, receive, send)
            return
        await throttle(owner.bucket)
        with serving(owner):
            await self.app(scope, self._while_open(receive, owner, tab), send)

    async def _context(self, scope: Scope) -> RequestContext:
        """Receive who sends the files, from one of our own pages."""
        self.contexts.origins.check(scope)
        return await self.contexts.load(scope)

    async def _check(self, scope: Scope, context: RequestContext, owner: Connection) -> None:
        """Authorize an event before its files are read; Reflex rejects one without a name."""
        handler = find_header(scope, HANDLER)
        if handler:
            session = self.auth.session(context.record) if context.record else None
            await self.authorize(handler, session, owner)

    def _refusal(self, scope: Scope, error: AuthError, context: RequestContext | None) -> Response:
        """Note that files were refused, and say so."""
        record = context.record if context else None
        self.auth.trail.add_rejection(
            error, path=scope["path"], record=record, device=device_of(scope)
        )
        return responses.json_error(error)

    def _owner(self, context: RequestContext, tab: str) -> Connection:
        """Find the open socket of the sender's own tab."""
        browser = self.contexts.browser_id(context)
        owner = self.connections.of_tab(tab, sid=context.sid, browser=browser)
        if owner is None:
            raise RequestRejected("The files don't come from an open tab of this session.")
        return owner

    def _while_open(self, receive: Receive, owner: Connection, tab: str) -> Receive:
        """Break a request off when its tab changes hands before all of it is there."""
        sid, browser = owner.sid or "", owner.browser

        async def listen() -> Message:
            message = await receive()
            is_open = self.connections.of_tab(tab, sid=sid, browser=browser)
            return message if is_open else {"type": "http.disconnect"}

        return listen
