"""From an address and a method to an endpoint, and from every error to an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

from ..core.errors import AuthError, MethodNotAllowed, NotFound
from .messages import answers
from .messages.answers import Answer
from .messages.scopes import wants_page
from .requests import Request

Endpoint: TypeAlias = Callable[[Request], Awaitable[Answer]]
OnError: TypeAlias = Callable[[Request, AuthError], None]

NAME = "{provider}"
"""What stands in a path for the one thing that differs."""


class Address:
    """One address, and what answers there.

    `HEAD` is answered as `GET` is, without the body, which the server leaves out
    (RFC 9110 section 9.3.2).

    Attributes:
        methods: The methods that are taken.
    """

    def __init__(self, endpoints: Mapping[str, Endpoint], on_error: OnError) -> None:
        """Make an address.

        Args:
            endpoints: What answers each method; empty if the address isn't there.
            on_error: Is told of every error that is answered.
        """
        self._on_error = on_error
        also = {"HEAD": endpoints["GET"]} if "GET" in endpoints else {}
        self._endpoints = {**endpoints, **also}
        self.methods = sorted(self._endpoints)

    async def answer(self, request: Request) -> Answer:
        """Answer a request; every `AuthError` becomes an answer too."""
        try:
            return await self._endpoints.get(request.scope["method"], self._refuse)(request)
        except AuthError as error:
            self._on_error(request, error)
            url = getattr(error, "url", None)
            if url and wants_page(request.scope):
                return answers.redirect(url, 303)
            return answers.refusal(error, {"url": url} if url else None)

    async def _refuse(self, _: Request) -> Answer:
        if not self.methods:
            raise NotFound
        raise MethodNotAllowed(allowed=self.methods)


class Addresses:
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
        """Make addresses.

        Args:
            app: The app that serves everything else.
            base: The path that they are below.
            table: What answers each method at each path; the last part of a path may be `NAME`.
            on_error: Is told of every error that is answered.
        """
        self._app = app
        self._base = base
        self._below = base + "/"
        self._addresses = {base + path: Address(each, on_error) for path, each in table.items()}
        self._nothing = Address({}, on_error)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is for one of the addresses, or pass it on."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path.startswith(self._below) or path == self._base):
            await self._app(scope, receive, send)
            return
        address, name = self._find(path)
        answer = await address.answer(Request(scope, receive, name))
        await answer(scope, receive, send)

    def _find(self, path: str) -> tuple[Address, str]:
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
