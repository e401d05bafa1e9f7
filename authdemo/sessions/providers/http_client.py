"""HTTP requests to providers, with limits and a cache."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import math
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx

from ..core.errors import OAuthCallbackError
from ..core.rate_limit import is_loopback

MAX_BYTES = 262_144  # of a response; the rest is not read
TIMEOUT_SECONDS = 10.0  # of a request, from the first byte to the last
MAX_AGE = 3600
RETRY_SECONDS = 10  # between two requests for one document, even if the first failed

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
"""GitHub needs `Accept` to answer in JSON; compressed content could exceed any limit."""

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")
"""The origins that a Content-Security-Policy can name."""

_INVALID_GRANT = ("invalid_grant", "bad_refresh_token")  # GitHub has an error of its own

T = TypeVar("T")


class GrantRejected(OAuthCallbackError):
    """The code or the refresh token is invalid, expired or revoked (RFC 6749 section 5.2)."""


def rejection(body: object) -> OAuthCallbackError:
    error = body.get("error") if isinstance(body, dict) else None
    kind = GrantRejected if error in _INVALID_GRANT else OAuthCallbackError
    return kind("The provider rejected the request.", reason="refused")


def unreachable() -> OAuthCallbackError:
    return OAuthCallbackError("The provider can't be reached right now.", reason="unreachable")


def is_safe(url: object, *, query: bool = False) -> bool:
    """Tell whether a URL is https, or on this machine."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    except ValueError:
        return False
    if "#" in str(url) or (parts.query and not query) or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def origin_of(url: str) -> str:
    """Find the origin of a URL; empty if a Content-Security-Policy can't name it."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()
    return origin if _ORIGIN.fullmatch(origin) else ""


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """Add parameters to a URL; those without a value are left out."""
    known = {name: value for name, value in parameters.items() if value}
    separator = "&" if urlsplit(url).query else "?"
    return f"{url.removesuffix('?')}{separator}{urlencode(known, quote_via=quote)}"


def client() -> httpx.AsyncClient:
    """Create a client that follows no redirects."""
    return httpx.AsyncClient(
        timeout=TIMEOUT_SECONDS, follow_redirects=False, headers=_HEADERS, verify=_ssl_context()
    )


async def fetch(http: httpx.AsyncClient, url: str, **options: Any) -> Any:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            response, body = await _read(http, url, **options)
        if response.is_success and len(body) <= MAX_BYTES:
            return json.loads(body)
        if response.is_client_error and len(body) <= MAX_BYTES:
            raise rejection(_loads(body))
    except (httpx.HTTPError, TimeoutError, ValueError, RecursionError) as error:
        raise unreachable() from error
    if response.is_server_error:
        raise OAuthCallbackError("The provider can't answer right now.", reason="unreachable")
    raise OAuthCallbackError("The provider rejected the request.", reason="refused")


async def fetch_object(http: httpx.AsyncClient, url: str, **options: Any) -> Mapping[str, Any]:
    found = await fetch(http, url, **options)
    if not isinstance(found, dict):
        raise OAuthCallbackError("The provider's response is no JSON object.", reason="refused")
    return found


def _loads(body: bytes) -> object:
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(body)
    return None


async def _read(http: httpx.AsyncClient, url: str, **options: Any) -> tuple[httpx.Response, bytes]:
    body = bytearray()
    async with http.stream(options.pop("method", "GET"), url, **options) as response:
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_BYTES:
                break
    return response, bytes(body)


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """Load the certificate authorities once: it takes as long as hundreds of requests."""
    return httpx.create_ssl_context()


@dataclass(eq=False)
class CachedFetch(Generic[T]):
    """A document of a provider, fetched once for all who need it."""

    fetch: Callable[[httpx.AsyncClient], Awaitable[T]]
    _value: T | None = field(default=None, init=False)
    _fetched_at: float = field(default=-math.inf, init=False)
    _requested_at: float = field(default=-math.inf, init=False)
    _error: OAuthCallbackError = field(default_factory=unreachable, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def get(self, http: httpx.AsyncClient, *, force: bool = False) -> T:
        """Return the document, and fetch it if it is due."""
        async with self._lock:
            now = monotonic()
            value = self._value if now - self._fetched_at <= MAX_AGE else None
            if (value is None or force) and now - self._requested_at >= RETRY_SECONDS:
                self._requested_at = now
                try:
                    self._value = value = await self.fetch(http)
                except OAuthCallbackError as error:
                    self._error = error
                    raise
                self._fetched_at = now
            if value is None:
                raise OAuthCallbackError(self._error.message, reason=self._error.reason)
            return value
