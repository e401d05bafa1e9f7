"""From an address and a method to an endpoint, and from every error to an answer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..core.errors import AuthError
from . import answers
from .bodies import BodyRefused

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class Address:
    """One address, and what answers there.

    `HEAD` is answered as `GET` is, without the body, which the server leaves out
    (RFC 9110 section 9.3.2).

    Attributes:
        methods: The methods that are taken.
    """

    def __init__(
        self, endpoints: Mapping[str, Endpoint], on_error: Callable[[Request, AuthError], None]
    ) -> None:
        """Make an address.

        Args:
            endpoints: What answers each method; empty if the address isn't there.
            on_error: Is told of every error that is answered.
        """
        self._on_error = on_error
        also = {"HEAD": endpoints["GET"]} if "GET" in endpoints else {}
        self._endpoints = {**endpoints, **also}
        self.methods = sorted(self._endpoints)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; every `AuthError` becomes an answer too."""
        request = Request(scope, receive)
        try:
            answer = await self._endpoints.get(request.method, self._refuse)(request)
        except AuthError as error:
            self._on_error(request, error)
            url = getattr(error, "url", None)
            answer = answers.refusal(error, {"url": url} if url else None)
        await answer(scope, receive, send)

    async def _refuse(self, _: Request) -> Response:
        if not self.methods:
            raise BodyRefused("There is nothing at this address.", 404)
        answer = answers.refusal(BodyRefused("This address doesn't take that method.", 405))
        answer.headers["Allow"] = ", ".join(self.methods)
        return answer


class Exactly(Route):
    """A route that takes a path as it is: to Python, `$` is before a last line break too."""

    def __init__(self, path: str, address: Address) -> None:
        """Make a route.

        Args:
            path: The path, with names in braces for what differs.
            address: What answers there.
        """
        super().__init__(path, address)
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z", re.DOTALL)
