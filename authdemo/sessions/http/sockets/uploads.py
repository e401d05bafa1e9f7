"""The guard of the one way beside the socket on which a tab sends events: with files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.errors import AuthError, RequestRefused
from ...core.session import Session
from ...setup.auth import AuthCore
from ..messages import answers
from ..messages.answers import Answer
from ..messages.scopes import find_header
from ..visitors import Visitor, Visitors, device_of
from .callers import serving
from .connections import Connection, Connections
from .socket_limits import in_turn

TAB = b"reflex-client-token"
"""The header by which a request says whose event it brings; Reflex takes none without it."""

HANDLER = b"reflex-event-handler"
"""The header that names the event handler; Reflex takes no event without it, either."""


class Uploads:
    """Lets files through from the session that has the tab open, for handlers that it may call.

    Reflex runs such an event in the tab that the request names, and answers with what that
    changes there. The name of a tab is no secret: it is in the address of the tab's socket.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        auth: AuthCore,
        visitors: Visitors,
        connections: Connections,
        authorize: Callable[[str, Session | None, Connection], Awaitable[None]],
    ) -> None:
        """Guard an app's uploads.

        Args:
            app: The app.
            auth: The app's sessions.
            visitors: Knows who sends a request.
            connections: The open sockets.
            authorize: Raises an `AuthError` unless a session may call the named event handler.
        """
        self._app = app
        self._auth = auth
        self._visitors = visitors
        self._connections = connections
        self._authorize = authorize

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one request, at whatever address; all that name no tab pass."""
        tab = find_header(scope, TAB) if scope["type"] == "http" else None
        if tab is None or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        visitor = None
        try:
            visitor = await self._visitor(scope)
            owner = self._owner(visitor, tab)
            await self._check(scope, visitor, owner)
        except AuthError as error:
            await self._refusal(scope, error, visitor)(scope, receive, send)
            return
        await in_turn(owner.pace)
        with serving(owner):
            await self._app(scope, self._while_open(receive, owner, tab), send)

    async def _visitor(self, scope: Scope) -> Visitor:
        """Receive who sends the files, from one of our own pages."""
        self._visitors.origins.check(scope)
        return await self._visitors.receive(scope)

    async def _check(self, scope: Scope, visitor: Visitor, owner: Connection) -> None:
        """Authorize an event before its files are read; Reflex rejects one without a name."""
        handler = find_header(scope, HANDLER)
        if handler:
            session = self._auth.session(visitor.record) if visitor.record else None
            await self._authorize(handler, session, owner)

    def _refusal(self, scope: Scope, error: AuthError, visitor: Visitor | None) -> Answer:
        """Note that files were refused, and say so."""
        record = visitor.record if visitor else None
        self._auth.trail.refused(error, path=scope["path"], record=record, device=device_of(scope))
        return answers.refusal(error)

    def _owner(self, visitor: Visitor, tab: str) -> Connection:
        """Find the open socket of the sender's own tab."""
        browser = self._visitors.browser(visitor)
        owner = self._connections.of_tab(tab, sid=visitor.sid, browser=browser)
        if owner is None:
            raise RequestRefused("The files don't come from an open tab of this session.")
        return owner

    def _while_open(self, receive: Receive, owner: Connection, tab: str) -> Receive:
        """Break a request off when its tab changes hands before all of it is there."""
        sid, browser = owner.sid or "", owner.browser

        async def listen() -> Message:
            message = await receive()
            is_open = self._connections.of_tab(tab, sid=sid, browser=browser)
            return message if is_open else {"type": "http.disconnect"}

        return listen
