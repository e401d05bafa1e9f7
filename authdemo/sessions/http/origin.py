"""Own origins: the hosts that the app answers to, and the `Origin` of a request."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from ..core.errors import RequestRejected
from . import responses
from .headers import find_header, header
from .responses import HostRejected

HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?")
_SECURE_SCHEMES = ("https", "wss")
_MOST_ORIGINS = 256


class Origins:
    """Knows which origin is the app's own."""

    def __init__(self, url: str | None, *, also: Collection[str] = ()) -> None:
        self._url = url
        self._also = frozenset(also)

    def base_url(self, scope: Scope) -> str:
        """Find the app's origin, as the browser sees it."""
        if self._url:
            return self._url
        scheme = "https" if self.is_secure(scope) else "http"
        return _origin(scheme, header(scope, b"host"))

    def is_secure(self, scope: Scope) -> bool:
        """Tell whether the browser reaches the app over https."""
        if self._url:
            return self._url.startswith("https:")
        return scope["scheme"] in _SECURE_SCHEMES

    def is_own(self, scope: Scope) -> bool | None:
        """Judge where a request comes from."""
        origin = find_header(scope, b"origin")
        if origin is None:
            site = find_header(scope, b"sec-fetch-site")
            return None if site is None else site in ("same-origin", "none")
        return origin in self._also or origin in self._own(scope)

    def _own(self, scope: Scope) -> Iterator[str]:
        """List what the app's origin may be called: some clients leave the port out of `Host`."""
        base_url = self.base_url(scope)
        yield base_url
        if self._url is None and scope.get("server"):
            yield f"{base_url}:{scope['server'][1]}"

    def check(self, scope: Scope) -> None:
        """Refuse what another origin's page sends."""
        is_cross_site = header(scope, b"sec-fetch-site") == "cross-site"
        if is_cross_site or self.is_own(scope) is False:
            raise RequestRejected("The request comes from another site.")


@lru_cache(_MOST_ORIGINS)
def _origin(scheme: str, host: str) -> str:
    if not HOST.fullmatch(host):
        raise RequestRejected("The request has no valid Host header.")
    return f"{scheme}://{host}"


logger = logging.getLogger("authdemo.sessions")

_MAX_REMEMBERED = 256
_MAX_LOGGED = 20
_MAX_SHOWN = 100


class Hosts:
    """Rejects requests that name no host, several, or one that may be an attacker's.

    A page of `evil.example` reaches the app as its own origin if that name leads to this machine
    (DNS rebinding). Without `AUTH_URL` the app therefore answers for addresses and for
    `localhost` only.
    """

    def __init__(self, app: ASGIApp, *, url: str | None) -> None:
        self._app = app
        self._is_named = url is not None
        self._logged: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or handshake on if its host is the app's."""
        if scope["type"] in ("http", "websocket"):
            try:
                self._check(scope)
            except HostRejected as error:
                if scope["type"] == "http":
                    await responses.json_error(error)(scope, receive, send)
                else:
                    await send({"type": "websocket.close", "code": 1008, "reason": error.code})
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        hosts = [
            bytes(value).decode("latin-1") for name, value in scope["headers"] if name == b"host"
        ]
        if len(hosts) > 1:
            raise HostRejected("The request has more than one Host header.")
        host = hosts[0] if hosts else ""
        if not host and self._is_named and scope.get("http_version") in ("1", "1.0"):
            return
        if not HOST.fullmatch(host):
            raise HostRejected("The request has no valid Host header.")
        if not self._is_named and not _is_local(host):
            self._log(host)
            raise HostRejected("This app doesn't answer for that host.")

    def _log(self, host: str) -> None:
        """Say once for each name what to do; an attacker's names don't fill the log."""
        name = host.lower()
        if name not in self._logged and len(self._logged) < _MAX_LOGGED:
            self._logged.add(name)
            logger.warning(
                "Rejected a request for the host %r: without AUTH_URL the app answers only for "
                "localhost and IP addresses. If that is the app's name, set AUTH_URL, for example "
                "AUTH_URL=https://%s.",
                name[:_MAX_SHOWN],
                name[:_MAX_SHOWN],
            )


@lru_cache(_MAX_REMEMBERED)
def _is_local(host: str) -> bool:
    """Tell whether a host is an address, which no other site's page has, or this machine."""
    found = HOST.fullmatch(host)
    name = found[1].strip("[]").lower() if found else ""
    try:
        return bool(ip_address(name))
    except ValueError:
        return f".{name.removesuffix('.')}".endswith(".localhost")
