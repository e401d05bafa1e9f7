"""Requests and their bodies."""

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
from .headers import find_header
from .responses import BodyRejected

MAX_BODY_BYTES = 16 * 1024
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"

BODY_SECONDS = 10
"""How long a body may take to arrive, from its head to its last octet."""


def is_form(request: Request) -> bool:
    """Tell whether a request's body is of form fields, which are all text."""
    return _kind(request) == _FORM


async def read(request: Request) -> dict[str, Any]:
    """Read a body of JSON or of form fields."""
    kind = _kind(request)
    if kind not in (_JSON, _FORM):
        raise BodyRejected(f"The body must be {_JSON} or {_FORM}.", 415)
    octets = await _in_time(request)
    try:
        return _json(octets) if kind == _JSON else _form(octets)
    except ValueError as error:
        raise BodyRejected("The body is not valid JSON, or not UTF-8.") from error


def _kind(request: Request) -> str:
    return (request.header(b"content-type") or "").partition(";")[0].strip().lower()


async def _in_time(request: Request) -> bytes:
    """Wait for the whole body, but not for ever (RFC 9110, section 15.5.9)."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _octets(request)
    except TimeoutError as error:
        raise BodyRejected("The body took too long to arrive. Send it again.", 408) from error


async def _octets(request: Request) -> bytes:
    octets, is_more = b"", True
    while is_more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise BodyRejected("The body did not arrive whole.")
        octets += message.get("body", b"")
        is_more = message.get("more_body", False)
        if len(octets) > MAX_BODY_BYTES:
            raise BodyRejected(f"The body must have at most {MAX_BODY_BYTES} bytes.", 413)
    return octets


def _json(octets: bytes) -> dict[str, Any]:
    body = strict_json.loads(octets)
    if not isinstance(body, dict):
        raise BodyRejected("The body must be a JSON object.")
    return body


def _form(octets: bytes) -> dict[str, Any]:
    text = octets.decode("utf-8", "strict")
    return dict(parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="strict"))


@dataclass(eq=False)
class Request:
    """A request, of which nothing is read before it is asked for."""

    scope: Scope
    receive: Receive
    name: str = ""
    context: RequestContext | None = field(default=None, init=False)

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
        """Watch whether the sender stays, once the body has been read."""
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
