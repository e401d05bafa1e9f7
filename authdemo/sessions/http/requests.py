"""A request: its path, query and headers, and its body within limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from ..core import strict_json
from .context import RequestContext
from .headers import header
from .responses import BodyRejected

MAX_BODY_BYTES = 16 * 1024
BODY_TIMEOUT = 10
"""Seconds from the head of a request to the last byte of its body."""

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


@dataclass(eq=False)
class Request:
    """A request; nothing of it is parsed before it is needed."""

    scope: Scope
    receive: Receive
    provider_id: str = ""
    context: RequestContext | None = field(default=None, init=False)

    @property
    def path(self) -> str:
        """The canonical path."""
        return str(self.scope["path"])

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's fields; the last one of a name counts."""
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    @cached_property
    def is_form(self) -> bool:
        """Whether the body consists of form fields, which are all text."""
        return self._content_type == _FORM

    async def read(self) -> dict[str, Any]:
        """Read a body of JSON or of form fields."""
        if self._content_type not in (_JSON, _FORM):
            raise BodyRejected(f"The body must be {_JSON} or {_FORM}.", 415)
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                data = await self._receive_all()
        except TimeoutError as error:  # RFC 9110, section 15.5.9
            raise BodyRejected("The body took too long to arrive. Send it again.", 408) from error
        try:
            body = _parse_form(data) if self.is_form else strict_json.loads(data)
        except ValueError as error:
            raise BodyRejected("The body is not valid JSON, or not UTF-8.") from error
        if not isinstance(body, dict):
            raise BodyRejected("The body must be a JSON object.")
        return body

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Callable[[], bool]]:
        """Watch whether the client disconnects, once the body has been read."""
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

    @property
    def _content_type(self) -> str:
        return header(self.scope, b"content-type").partition(";")[0].strip().lower()

    async def _receive_all(self) -> bytes:
        data, has_more = b"", True
        while has_more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise BodyRejected("The body did not arrive whole.")
            data += message.get("body", b"")
            has_more = message.get("more_body", False)
            if len(data) > MAX_BODY_BYTES:
                raise BodyRejected(f"The body must have at most {MAX_BODY_BYTES} bytes.", 413)
        return data


def _parse_form(data: bytes) -> dict[str, Any]:
    text = data.decode("utf-8", "strict")
    return dict(parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="strict"))
