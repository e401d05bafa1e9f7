"""Asking a provider for JSON, with patience, and for no more than it can be."""

from __future__ import annotations

import asyncio
import functools
import json
import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from ..core.errors import OAuthCallbackError

MAX_BYTES = 262_144
"""How long an answer may be; what comes after is not read."""

PATIENCE_SECONDS = 10.0
"""How long a question may take, from the first octet to the last."""

_WANTED = {"Accept": "application/json", "Accept-Encoding": "identity"}
"""GitHub answers as a form unless it is asked for JSON; what is packed has no length to trust."""


def client() -> httpx.AsyncClient:
    """Make what asks a provider; it follows no redirect."""
    return httpx.AsyncClient(
        timeout=PATIENCE_SECONDS, follow_redirects=False, headers=_WANTED, verify=_trusted()
    )


async def fetch(http: httpx.AsyncClient, url: str, **options: Any) -> Any:
    """Ask a provider for JSON.

    Args:
        http: What asks.
        url: The address.
        **options: What `httpx` takes.

    Returns:
        The JSON value.

    Raises:
        OAuthCallbackError: If there is no such answer.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer, body = await _answer(http, url, **options)
        if answer.is_success and len(body) <= MAX_BYTES:
            return json.loads(body)
    except (httpx.HTTPError, TimeoutError, ValueError, RecursionError) as error:
        raise OAuthCallbackError(
            "The provider can't be reached right now.", reason="unreachable"
        ) from error
    if answer.is_server_error:
        raise OAuthCallbackError("The provider can't answer right now.", reason="unreachable")
    raise OAuthCallbackError(
        "The provider refused, or doesn't answer as it should.", reason="refused"
    )


async def fetch_object(http: httpx.AsyncClient, url: str, **options: Any) -> Mapping[str, Any]:
    """Ask a provider for a JSON object; see `fetch`."""
    said = await fetch(http, url, **options)
    if not isinstance(said, dict):
        raise OAuthCallbackError("The provider doesn't answer as it should.", reason="refused")
    return said


async def _answer(
    http: httpx.AsyncClient, url: str, **options: Any
) -> tuple[httpx.Response, bytes]:
    body = bytearray()
    async with http.stream(options.pop("method", "GET"), url, **options) as answer:
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > MAX_BYTES:
                break
    return answer, bytes(body)


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Read whose certificates are believed, once: it takes as long as hundreds of requests."""
    return httpx.create_ssl_context()
