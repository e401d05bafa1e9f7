"""The outermost middleware and its router."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

from ..core.errors import AuthError, MethodNotAllowed, NotFound
from . import responses
from .headers import wants_page
from .requests import Request
from .responses import Response

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
Route: TypeAlias = Mapping[str, Endpoint]
"""What answers each method at one path."""

_PARAMETER = "{provider}"


@dataclass(frozen=True, eq=False)
class Router:
    """Answers requests for the paths below `base`, and passes on the others.

    Empty segments of a path are ignored, as in Auth.js: `/session/` and `//session` are
    `/session`. `HEAD` is answered like `GET`; the server leaves the body out (RFC 9110,
    section 9.3.2).
    """

    app: ASGIApp
    base: str
    table: Mapping[str, Route]
    on_error: Callable[[Request, AuthError], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on; every `AuthError` becomes a response."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not f"{path}/".startswith(f"{self.base}/"):
            await self.app(scope, receive, send)
            return
        route, provider_id = self._find(path.removeprefix(self.base))
        request = Request(scope, receive, provider_id)
        try:
            response = await _endpoint(route, scope["method"])(request)
        except AuthError as error:
            self.on_error(request, error)
            response = _rejection(request, error)
        await response(scope, receive, send)

    def _find(self, path: str) -> tuple[Route, str]:
        """Find the route of a path, and the provider in it."""
        if path in self.table:
            return self.table[path], ""
        segments = [segment for segment in path.split("/") if segment]
        whole, parent = "/" + "/".join(segments), "/" + "/".join([*segments[:-1], _PARAMETER])
        if whole in self.table:
            return self.table[whole], ""
        return self.table.get(parent, {}), segments[-1] if segments else ""


def _endpoint(route: Route, method: str) -> Endpoint:
    endpoint = route.get("GET" if method == "HEAD" else method)
    if endpoint is not None:
        return endpoint
    if not route:
        raise NotFound
    raise MethodNotAllowed(allowed=sorted([*route, *(["HEAD"] if "GET" in route else [])]))


def _rejection(request: Request, error: AuthError) -> Response:
    url = getattr(error, "url", None)
    if url and wants_page(request.scope):
        return responses.redirect(url, 303)
    return responses.json_error(error, {"url": url} if url else None)


Layer: TypeAlias = Callable[[ASGIApp], ASGIApp]

_INNER_APP = "authdemo.sessions.inner_app"
"""The key in a scope for the app behind the layers that it has entered."""


class OutermostMiddleware:
    """Layers that each request passes once, wherever it meets them first.

    A framework can wrap an app in layers of its own before it is served. We wrap both the whole
    and the app: so requests that are answered here are fast, and none can bypass the layers if
    the app is served without the framework's.
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        self._stack: ASGIApp = _call_inner_app
        for layer in layers:
            self._stack = layer(self._stack)

    def before(self, app: ASGIApp) -> ASGIApp:
        """Put the layers in front of an app."""

        async def enter(scope: Scope, receive: Receive, send: Send) -> None:
            if _INNER_APP in scope:
                await app(scope, receive, send)
            else:
                scope[_INNER_APP] = app
                await self._stack(scope, receive, send)

        return enter


async def _call_inner_app(scope: Scope, receive: Receive, send: Send) -> None:
    await scope[_INNER_APP](scope, receive, send)
