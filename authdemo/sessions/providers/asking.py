"""Asking a provider for JSON, with patience, and for no more than it can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from ..core.errors import OAuthCallbackError

_MAX_BYTES = 262_144
_PATIENCE = httpx.Timeout(10)
_WANTED = {"Accept": "application/json"}
"""GitHub answers as a form unless it is asked for JSON."""


def client() -> httpx.AsyncClient:
    """Make what asks a provider; it follows no redirect."""
    return httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=False, headers=_WANTED)


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
        answer = await http.request(options.pop("method", "GET"), url, **options)
        if answer.is_success and len(answer.content) <= _MAX_BYTES:
            return answer.json()
    except (httpx.HTTPError, ValueError) as error:
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
