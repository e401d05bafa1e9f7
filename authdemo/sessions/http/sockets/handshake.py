"""The handshake of Reflex's socket: finds its session, and hides our cookies from the app."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.errors import AuthError, RequestRejected, TooManySockets
from ...core.rate_limit import TokenBucket, network
from ...core.utils import new_tab_name
from ...engine import Engine
from .. import cookies
from ..context import RequestContexts
from ..pages.render import language_of
from ..router import UpgradeRequired, header, json_error, reject
from .caller import serving
from .connections import Connection, Connections

MAX_HEADER_BYTES = 32_768
"""The size of all headers of a handshake: Reflex keeps them with the tab's state."""

GOING_AWAY = 1001
"""The close code of a page that leaves (RFC 6455, section 7.4.1)."""

TOO_LARGE = 1009
"""The close code of a message that is too large (RFC 6455, section 7.4.1)."""

_TAB = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89a-f][0-9a-f]{3}-[0-9a-f]{12}")
"""Reflex's `generateUUID`: like version 4 of RFC 9562, but with one more random bit."""

_VERSION = re.compile(rb"[\w.+-]{1,32}")
_UPGRADE = [(b"connection", b"upgrade"), (b"upgrade", b"websocket")]


@dataclass(eq=False)
class Handshake:
    """Accepts or rejects sockets."""

    app: ASGIApp
    _: KW_ONLY
    engine: Engine
    contexts: RequestContexts
    connections: Connections
    path: str
    is_event: Callable[[str], bool]
    leave: str
    """The message with which a page leaves."""
    _open: Counter[str] = field(default_factory=Counter, init=False)
    """The open sockets of each client."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket; requests and sockets for other paths pass."""
        is_ours = f"{scope.get('path', '')}/".startswith(f"{self.path}/")
        if not is_ours or scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        if scope["type"] == "http":  # Socket.IO's long polling
            error = UpgradeRequired("This address takes WebSockets only.")
            self.contexts.audit_rejection(scope, error)
            await json_error(error).plus(_UPGRADE)(scope, receive, send)
            return
        try:
            connection = await self._connect(scope)
            client = connection.sid or network(connection.device.ip)
            if self._open[client] >= self.engine.settings.max_sockets:
                raise TooManySockets
        except AuthError as error:
            self.contexts.origins.log_rejected(scope)
            self.contexts.audit_rejection(scope, error)
            await reject(error, scope, receive, send)
            return
        self._open[client] += 1
        self.connections.open(connection)
        try:
            with serving(connection):
                await self.app(self._clean(scope), self._limited(receive, connection), send)
        finally:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]
            self.connections.close(connection)

    def _limited(self, receive: Receive, connection: Connection) -> Receive:
        """Delay messages that come too fast, and drop invalid ones; only this tab has to wait."""

        async def receive_event() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return message
                await connection.throttle()
                if code := self._close_code(message, connection):
                    return {"type": "websocket.disconnect", "code": code}
                if self.is_event(message.get("text") or ""):
                    return message
                self._audit(connection, "UnknownEvent")

        return receive_event

    def _close_code(self, message: Message, connection: Connection) -> int:
        """Choose the close code of a socket by what it sends; 0 if it stays open.

        A socket serves one page, so what that leaves with closes it: it doesn't connect again.
        """
        text = message.get("text") or ""
        size = len(text) if text.isascii() else len(text.encode())
        if size > self.engine.settings.event_bytes or message.get("bytes"):
            self._audit(connection, "TooLarge")
            return TOO_LARGE
        return GOING_AWAY if text == self.leave else 0

    def _audit(self, connection: Connection, reason: str) -> None:
        connection.audit_rejection(self.engine.trail, reason, path=connection.path)

    async def _connect(self, scope: Scope) -> Connection:
        """Find the socket's session; without an own `Origin` it gets none."""
        self.contexts.origins.check(scope)
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
            raise RequestRejected("The socket's headers are too large.")
        if not is_tab(parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]):
            raise RequestRejected(
                "The socket doesn't name its tab by a UUID, as Reflex's page does."
            )
        context = await self.contexts.load(scope)
        is_own = self.contexts.origins.is_own(scope) is True
        record = context.record if is_own else None
        has_ended = is_own and context.has_dead_token and context.record is None
        return Connection(
            sid=record.id if record else None,
            user_id=record.user_id if record else "",
            actor=record.actor.id if record and record.actor else "",
            browser=self.contexts.browser_id(context) if is_own else "",
            next_browser=self.contexts.next_browser_id(context) if is_own else "",
            device=context.device.model_copy(update={"tab": new_tab_name()}),
            base_url=context.base_url,
            origin=header(scope, b"origin") if is_own else "",
            language=language_of(scope, self.engine.locales, context.cookies),
            bucket=TokenBucket(self.engine.settings.event_rate),
            end_code="ended" if has_ended else "",
        )

    def _clean(self, scope: Scope) -> Scope:
        """Remove our cookies, and an invalid version of the pages, which Reflex would log."""
        clean = cookies.without(scope, cookies.own_names(self.engine))
        headers = [
            (name, value)
            for name, value in clean["headers"]
            if name != b"sec-websocket-protocol" or _VERSION.fullmatch(value)
        ]
        return {**clean, "headers": headers}


def is_tab(token: str) -> bool:
    """Tell whether a token is a tab's, and not the name of a shared state."""
    return _TAB.fullmatch(token) is not None
