"""`Auth(protect_all=True)` for the app's own routes, files and WebSockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from ..core.errors import AuthError, NotAuthenticated, NotFound
from ..engine import AuthCore
from .context import RequestContexts
from .outermost import address_of
from .router import Response, redirect, reject, wants_page


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
            self.contexts.audit_rejection(scope, error)
            if self._may_sign_in(scope, error):
                await self._to_sign_in(scope)(scope, receive, send)
            else:
                await reject(error, scope, receive, send)
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

    def _may_sign_in(self, scope: Scope, error: AuthError) -> bool:
        """Tell whether a person can sign in and come back."""
        is_navigation = self.serves_pages and scope.get("method") == "GET" and wants_page(scope)
        return is_navigation and isinstance(error, NotAuthenticated)

    def _to_sign_in(self, scope: Scope) -> Response:
        query = scope["query_string"].decode("latin-1")
        back = address_of(scope) + (f"?{query}" if query else "")
        return redirect(self.auth.sign_in_url(callbackUrl=back), 303)
