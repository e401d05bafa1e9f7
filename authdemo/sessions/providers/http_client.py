"""HTTP requests to providers, with limits and a cache."""

from __future__ import annotations

import asyncio
import functools
import json
import math
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx

from ..core.errors import OAuthCallbackError
from ..core.utils import Clock

_SOURCE = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")
"""What a policy can name of all that a host may be: no brackets, and no letters but these."""


def is_safe(address: object, *, query: bool = False) -> bool:
    """Tell whether an address is https, or on this machine."""
    try:
        url = urlsplit(address) if isinstance(address, str) else urlsplit("")
    except ValueError:
        return False
    if "#" in str(address) or (url.query and not query) or not url.hostname:
        return False
    return url.scheme == "https" or (url.scheme == "http" and _is_local(url.hostname))


def origin_of(address: str) -> str:
    """Name the origin of an address, for a Content-Security-Policy."""
    url = urlsplit(address)
    origin = f"{url.scheme}://{url.netloc.rpartition('@')[2]}".lower()
    return origin if _SOURCE.fullmatch(origin) else ""


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


MAX_BYTES = 262_144
"""How long an answer may be; what comes after is not read."""

TIMEOUT_SECONDS = 10.0
"""How long a question may take, from the first octet to the last."""

_WANTED = {"Accept": "application/json", "Accept-Encoding": "identity"}
"""GitHub answers as a form unless it is asked for JSON; what is packed has no length to trust."""


def client() -> httpx.AsyncClient:
    """Make what asks a provider; it follows no redirect."""
    return httpx.AsyncClient(
        timeout=TIMEOUT_SECONDS, follow_redirects=False, headers=_WANTED, verify=_trusted()
    )


async def fetch(http: httpx.AsyncClient, url: str, **options: Any) -> Any:
    """Ask a provider for JSON."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
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


FRESH_SECONDS = 3600
"""How long an answer is believed."""

AGAIN_AFTER = 10
"""Seconds from one question to the next, whatever became of the first."""

T = TypeVar("T")


class Remembered(Generic[T]):
    """One answer of a provider, for everybody who needs it."""

    def __init__(self, ask: Callable[[httpx.AsyncClient], Awaitable[T]], *, clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._answer: T | None = None
        self._answered = self._asked = -math.inf
        self._trouble = OAuthCallbackError(
            "The provider can't be reached right now.", reason="unreachable"
        )
        self._lock = asyncio.Lock()

    async def read(self, http: httpx.AsyncClient, *, anew: bool = False) -> T:
        """Read the answer, and ask if that is due."""
        async with self._lock:
            now = self._clock()
            fresh = self._answer if abs(now - self._answered) <= FRESH_SECONDS else None
            if (fresh is None or anew) and abs(now - self._asked) >= AGAIN_AFTER:
                return await self._renewed(http, now)
            if fresh is None:
                raise OAuthCallbackError(self._trouble.message, reason=self._trouble.reason)
            return fresh

    async def _renewed(self, http: httpx.AsyncClient, now: float) -> T:
        self._asked = now
        try:
            answer = await self._ask(http)
        except OAuthCallbackError as error:
            self._trouble = error
            raise
        self._answer, self._answered = answer, now
        return answer
