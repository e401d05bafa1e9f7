"""The outermost middleware and its router."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

from ..core.errors import AuthError, MethodNotAllowed, NotFound
from . import responses
from .headers import wants_page
from .requests import Request
from .responses import Response

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
OnError: TypeAlias = Callable[[Request, AuthError], None]

NAME = "{provider}"
"""What stands in a path for the one thing that differs."""


class Route:
    """One address, and what answers there.

    `HEAD` is answered as `GET` is, without the body, which the server leaves out
    (RFC 9110 section 9.3.2).
    """

    def __init__(self, endpoints: Mapping[str, Endpoint], on_error: OnError) -> None:
        self._on_error = on_error
        also = {"HEAD": endpoints["GET"]} if "GET" in endpoints else {}
        self._endpoints = {**endpoints, **also}
        self.methods = sorted(self._endpoints)

    async def answer(self, request: Request) -> Response:
        """Answer a request; every `AuthError` becomes an answer too."""
        try:
            return await self._endpoints.get(request.scope["method"], self._refuse)(request)
        except AuthError as error:
            self._on_error(request, error)
            url = getattr(error, "url", None)
            if url and wants_page(request.scope):
                return responses.redirect(url, 303)
            return responses.json_error(error, {"url": url} if url else None)

    async def _refuse(self, _: Request) -> Response:
        if not self.methods:
            raise NotFound
        raise MethodNotAllowed(allowed=self.methods)


class Router:
    """All addresses below one path; other requests are passed on.

    Empty segments of a path count for nothing, as in Auth.js: `/session/` and `//session` are
    `/session`. Else a path is taken as it is spelled.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        base: str,
        table: Mapping[str, Mapping[str, Endpoint]],
        on_error: OnError,
    ) -> None:
        self._app = app
        self._base = base
        self._below = base + "/"
        self._addresses = {base + path: Route(each, on_error) for path, each in table.items()}
        self._nothing = Route({}, on_error)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is for one of the addresses, or pass it on."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path.startswith(self._below) or path == self._base):
            await self._app(scope, receive, send)
            return
        address, name = self._find(path)
        answer = await address.answer(Request(scope, receive, name))
        await answer(scope, receive, send)

    def _find(self, path: str) -> tuple[Route, str]:
        """Find what is at a path, and the name that stands in it."""
        if path in self._addresses:
            return self._addresses[path], ""
        whole = self._without_empty_segments(path)
        if whole in self._addresses:
            return self._addresses[whole], ""
        place, _, name = whole.rpartition("/")
        return self._addresses.get(f"{place}/{NAME}", self._nothing), name

    def _without_empty_segments(self, path: str) -> str:
        return "/".join([self._base, *filter(None, path.removeprefix(self._base).split("/"))])


Layer: TypeAlias = Callable[[ASGIApp], ASGIApp]

_BEHIND = "authdemo.sessions.behind"
"""Where a scope says what is behind the layers that it is passing through, or has passed."""


class OutermostMiddleware:
    """Layers that a request passes once, wherever it meets them first.

    An app can be wrapped by a framework in layers of its own before it is served. To wrap
    the whole as well as the app makes the requests that are answered here fast, and no
    request can come past these layers if the whole is served without them.
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        stack: ASGIApp = _go_behind
        for layer in layers:
            stack = layer(stack)
        self._stack = stack

    def before(self, app: ASGIApp) -> ASGIApp:
        """Put the layers in front of an app."""

        async def stand(scope: Scope, receive: Receive, send: Send) -> None:
            if _BEHIND in scope:
                await app(scope, receive, send)
            else:
                scope[_BEHIND] = app
                await self._stack(scope, receive, send)

        return stand


async def _go_behind(scope: Scope, receive: Receive, send: Send) -> None:
    await scope[_BEHIND](scope, receive, send)
