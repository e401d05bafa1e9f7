"""`Auth(protect_all=True)` for the app's own routes, files and WebSockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from ..core.errors import AuthError, NotAuthenticated, NotFound
from ..engine import AuthCore
from . import responses
from .context import RequestContexts, device_of
from .headers import find_header, wants_page
from .paths import address_of
from .responses import Response


@dataclass(frozen=True, eq=False)
class ProtectAll:
    """Passes on what is public, and requests and handshakes with a session."""

    app: ASGIApp
    _: KW_ONLY
    auth: AuthCore
    contexts: RequestContexts
    is_public: Callable[[Scope], bool]
    is_missing: Callable[[Scope], bool]
    serves_pages: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request or handshake on, or reject it."""
        if scope["type"] not in ("http", "websocket") or self.is_public(scope):
            await self.app(scope, receive, send)
            return
        try:
            await self._check(scope)
        except AuthError as error:
            self.auth.trail.add_rejection(error, path=scope["path"], device=device_of(scope))
            if scope["type"] == "http":
                await self._rejection(scope, error)(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008, "reason": error.code})
            return
        await self.app(scope, receive, send)

    async def _check(self, scope: Scope) -> None:
        """Verify the session; a handshake has to come from one of the app's own pages."""
        origins = self.contexts.origins
        if scope["type"] == "websocket":
            origins.check(scope)
            if not origins.is_own(scope):
                raise NotAuthenticated
        if (await self.contexts.load(scope)).record is None:
            raise NotFound if self.is_missing(scope) else NotAuthenticated

    def _rejection(self, scope: Scope, error: AuthError) -> Response:
        is_navigation = self.serves_pages and wants_page(scope) and scope["method"] == "GET"
        if is_navigation and isinstance(error, NotAuthenticated):
            query = scope["query_string"].decode("latin-1")
            back = address_of(scope) + (f"?{query}" if query else "")
            return responses.redirect(self.auth.sign_in_url(callbackUrl=back), 303)
        return responses.json_error(error)


def is_preflight(scope: Scope) -> bool:
    """Tell whether a request is a CORS preflight, which has no cookies."""
    return (
        scope["type"] == "http"
        and scope["method"] == "OPTIONS"
        and find_header(scope, b"origin") is not None
        and find_header(scope, b"access-control-request-method") is not None
    )
