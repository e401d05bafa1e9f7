"""The router of `/api/auth`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
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
