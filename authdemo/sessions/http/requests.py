"""A request to one of our addresses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from .messages.scopes import find_header
from .visitors import Visitor


class Request:
    """A request, of which nothing is read before it is asked for.

    Attributes:
        scope: What the server knows of it.
        receive: Hands out its body.
        name: What its address names: the provider; empty if it names none.
        visitor: Who sends it, once that is known.
    """

    def __init__(self, scope: Scope, receive: Receive, name: str = "") -> None:
        """Take a request.

        Args:
            scope: What the server knows of it.
            receive: Hands out its body.
            name: What its address names.
        """
        self.scope = scope
        self.receive = receive
        self.name = name
        self.visitor: Visitor | None = None

    @property
    def path(self) -> str:
        """The path that it asks for."""
        return str(self.scope["path"])

    @cached_property
    def query(self) -> dict[str, str]:
        """The fields of its query; of one that is repeated, the last."""
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Callable[[], bool]]:
        """Watch whether the sender stays, once the body has been read.

        Yields:
            Tells whether the sender has disconnected.
        """
        left = asyncio.Event()

        async def watch() -> None:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                left.set()

        watching = asyncio.create_task(watch())
        try:
            yield left.is_set
        finally:
            watching.cancel()

    def header(self, name: bytes) -> str | None:
        """Find a header; see `find_header`."""
        return find_header(self.scope, name)
