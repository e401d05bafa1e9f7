"""Uploads: files from the session that has the tab open, for handlers that it may call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.errors import AuthError, RequestRejected
from ...core.session import Session
from ...engine import Engine
from ..context import RequestContext, RequestContexts
from ..router import find_header, reject
from .caller import serving
from .connections import Connection, Connections

TAB = b"reflex-client-token"
"""The header that names the tab of an upload; Reflex rejects uploads without it."""

HANDLER = b"reflex-event-handler"
"""The header that names the event handler of an upload; Reflex rejects uploads without it."""


@dataclass(frozen=True, eq=False)
class Uploads:
    """Accepts files for a tab from its owner only.

    Reflex runs the handler in the tab that the request names, and responds with its changes. A
    tab's name is not a secret: it is in the URL of the tab's socket.
    """

    app: ASGIApp
    _: KW_ONLY
    engine: Engine
    contexts: RequestContexts
    connections: Connections
    authorize: Callable[[str, Session | None, Connection], Awaitable[None]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request that names a tab, whatever its path; pass the others on."""
        tab = find_header(scope, TAB) if scope["type"] == "http" else None
        if tab is None or scope["method"] == "OPTIONS":
            await self.app(scope, receive, send)
            return
        try:
            self.contexts.origins.check(scope)
            context = await self.contexts.load(scope)
            owner = self._find_owner(context, tab)
            await self._authorize(scope, context, owner)
        except AuthError as error:
            self.contexts.audit_rejection(scope, error)
            await reject(error, scope, receive, send)
            return
        await owner.throttle()
        with serving(owner):
            await self.app(scope, self._while_open(receive, owner, tab), send)

    async def _authorize(self, scope: Scope, context: RequestContext, owner: Connection) -> None:
        """Authorize an event before its files are read."""
        handler = find_header(scope, HANDLER)
        if handler:
            session = self.engine.session(context.record) if context.record else None
            await self.authorize(handler, session, owner)

    def _find_owner(self, context: RequestContext, tab: str) -> Connection:
        """Find the open socket of the sender's own tab."""
        browser = self.contexts.browser_id(context)
        owner = self.connections.find_own_tab(tab, sid=context.sid, browser=browser)
        if owner is None:
            raise RequestRejected("The files don't come from an open tab of this session.")
        return owner

    def _while_open(self, receive: Receive, owner: Connection, tab: str) -> Receive:
        """Disconnect a request when its tab closes, or changes owner, before all is received."""
        sid, browser = owner.sid or "", owner.browser

        async def receive_while_open() -> Message:
            message = await receive()
            is_open = self.connections.find_own_tab(tab, sid=sid, browser=browser)
            return message if is_open else {"type": "http.disconnect"}

        return receive_while_open
