"""The guard at the door of Reflex's own socket."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from ...core.errors import AuthError, RequestRejected
from ...core.rate_limit import TokenBucket, network
from ...core.utils import new_tab_name
from ...engine import AuthCore
from .. import cookies, responses
from ..context import RequestContexts, device_of
from ..responses import UpgradeRequired
from .callers import serving
from .connections import Connection, Connections
from .limits import ConnectionLimit, SocketLimits

MAX_HEADER_BYTES = 32_768
"""How large all headers of a handshake may be: Reflex keeps them with the tab's state."""

_TAB = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89a-f][0-9a-f]{3}-[0-9a-f]{12}")
"""`generateUUID` of Reflex: like version 4 of RFC 9562, but with one free bit more."""

_VERSION = re.compile(rb"[\w.+-]{1,32}")
_UPGRADE = [(b"connection", b"upgrade"), (b"upgrade", b"websocket")]


class Handshake:
    """Lets sockets in, settles whose they are, and keeps the cookies to itself."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        auth: AuthCore,
        contexts: RequestContexts,
        connections: Connections,
        path: str,
        is_event: Callable[[str], bool],
    ) -> None:
        self._app = app
        self._auth = auth
        self._contexts = contexts
        self._connections = connections
        self._path = path
        self._is_event = is_event
        self._limit = ConnectionLimit(auth.settings.max_sockets)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one connection; requests and sockets that are for something else pass."""
        is_ours = f"{scope.get('path', '')}/".startswith(f"{self._path}/")
        if not is_ours or scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http":
            await self._refuse_request(scope, receive, send)
            return
        with ExitStack() as stack:
            try:
                connection = await self._settle(scope)
                client = connection.sid or network(connection.device.ip)
                stack.enter_context(self._limit.take(client))
            except AuthError as error:
                self._note(error, scope)
                await send({"type": "websocket.close", "code": 1008, "reason": error.code})
                return
            self._connections.open(connection)
            stack.callback(self._connections.close, connection)
            stack.enter_context(serving(connection))
            await self._app(self._cleaned(scope), self._watched(receive, connection), send)

    async def _refuse_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say that Socket.IO's long polling doesn't exist here."""
        error = UpgradeRequired("This address takes WebSockets only.")
        self._note(error, scope)
        await responses.json_error(error).plus(_UPGRADE)(scope, receive, send)

    def _note(self, error: AuthError, scope: Scope) -> None:
        self._auth.trail.add_rejection(error, path=scope["path"], device=device_of(scope))

    async def _settle(self, scope: Scope) -> Connection:
        """Decide whose socket this is; without an `Origin` it is nobody's."""
        self._contexts.origins.check(scope)
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
            raise RequestRejected("The socket's headers are too large.")
        if not is_tab(parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]):
            raise RequestRejected(
                "The socket doesn't name its tab by a UUID, as Reflex's page does."
            )
        context = await self._contexts.load(scope)
        known = self._contexts.origins.is_own(scope) is True
        return Connection(
            sid=(context.sid or None) if known else None,
            user_id=context.record.user_id if known and context.record else "",
            browser=self._contexts.browser_id(context) if known else "",
            next_browser=self._contexts.next_browser_id(context) if known else "",
            device=context.device.model_copy(update={"tab": new_tab_name()}),
            base_url=context.base_url,
            bucket=TokenBucket(self._auth.settings.event_rate),
            session_ended=known and context.has_dead_token and context.record is None,
        )

    def _watched(self, receive: Receive, connection: Connection) -> SocketLimits:
        return SocketLimits(
            receive,
            connection,
            settings=self._auth.settings,
            trail=self._auth.trail,
            is_event=self._is_event,
        )

    def _cleaned(self, scope: Scope) -> Scope:
        """Leave out our cookies, and a version of the pages that is none: Reflex logs it."""
        names = cookies.own_names(self._auth.settings.cookie_prefix)
        clean = cookies.without(scope, names)
        headers = [
            (name, value)
            for name, value in clean["headers"]
            if name != b"sec-websocket-protocol" or _VERSION.fullmatch(value)
        ]
        return {**clean, "headers": headers}


def is_tab(token: str) -> bool:
    """Tell whether a token is one that Reflex's page makes for a tab.

    Tabs and shared states have names of one kind, and a shared state's is the app's to choose.
    """
    return _TAB.fullmatch(token) is not None
