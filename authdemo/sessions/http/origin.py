"""The app's own origins: its hosts, and the `Origin` of a request."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass, field
from functools import lru_cache
from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from ..core.errors import RequestRejected
from . import responses
from .headers import find_header, header
from .responses import HostRejected

HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?")
_SECURE_SCHEMES = ("https", "wss")
_MAX_CACHED = 256
_MAX_LOGGED = 20
_MAX_SHOWN = 100

logger = logging.getLogger("authdemo.sessions")


@dataclass(eq=False)
class Origins:
    """Knows the app's own origins: its URL, or else each request's own, and `also`."""

    url: str | None
    _: KW_ONLY
    also: Collection[str] = ()

    def base_url(self, scope: Scope) -> str:
        """Find the app's origin as the browser sees it."""
        if self.url:
            return self.url
        scheme = "https" if self.is_secure(scope) else "http"
        return _origin(scheme, header(scope, b"host"))

    def is_secure(self, scope: Scope) -> bool:
        """Tell whether the browser reaches the app over https."""
        if self.url:
            return self.url.startswith("https:")
        return scope["scheme"] in _SECURE_SCHEMES

    def is_own(self, scope: Scope) -> bool | None:
        """Tell whether an own page sends a request; None if the request doesn't say."""
        origin = find_header(scope, b"origin")
        if origin is None:
            site = find_header(scope, b"sec-fetch-site")
            return None if site is None else site in ("same-origin", "none")
        if origin in self.also:
            return True
        base_url = self.base_url(scope)
        if origin == base_url:
            return True
        # Some clients leave the port out of `Host`.
        server = scope.get("server")
        return origin == f"{base_url}:{server[1]}" if server and not self.url else False

    def check(self, scope: Scope) -> None:
        """Reject what another origin's page sends."""
        is_cross_site = header(scope, b"sec-fetch-site") == "cross-site"
        if is_cross_site or self.is_own(scope) is False:
            raise RequestRejected("The request comes from another site.")


@lru_cache(_MAX_CACHED)
def _origin(scheme: str, host: str) -> str:
    if not HOST.fullmatch(host):
        raise RequestRejected("The request has no valid Host header.")
    return f"{scheme}://{host}"


@dataclass(eq=False)
class Hosts:
    """Rejects requests without a host, with several, or with one that may be an attacker's.

    A page of `evil.example` reaches the app as its own origin if that name resolves to this
    machine (DNS rebinding). Without `AUTH_URL` the app therefore answers only for addresses and
    for `localhost`.
    """

    app: ASGIApp
    _: KW_ONLY
    url: str | None
    _logged: set[str] = field(default_factory=set, init=False)

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
        await self.app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        found = [bytes(value) for name, value in scope["headers"] if name == b"host"]
        hosts = [value.decode("latin-1") for value in found]
        if len(hosts) > 1:
            raise HostRejected("The request has more than one Host header.")
        host = hosts[0] if hosts else ""
        if not host and self.url is not None and scope.get("http_version") in ("1", "1.0"):
            return
        if not HOST.fullmatch(host):
            raise HostRejected("The request has no valid Host header.")
        if self.url is None and not _is_local(host):
            self._log(host.lower())
            raise HostRejected("This app doesn't answer for that host.")

    def _log(self, host: str) -> None:
        """Log each host once, and only so many: an attacker can't fill the log."""
        if host not in self._logged and len(self._logged) < _MAX_LOGGED:
            self._logged.add(host)
            logger.warning(
                "Rejected a request for the host %r: without AUTH_URL the app answers only for "
                "localhost and IP addresses. If that is the app's name, set AUTH_URL, for example "
                "AUTH_URL=https://%s.",
                host[:_MAX_SHOWN],
                host[:_MAX_SHOWN],
            )


@lru_cache(_MAX_CACHED)
def _is_local(host: str) -> bool:
    """Tell whether a host is an address, which no other site's page has, or this machine."""
    found = HOST.fullmatch(host)
    name = found[1].strip("[]").lower() if found else ""
    try:
        return bool(ip_address(name))
    except ValueError:
        return f".{name.removesuffix('.')}".endswith(".localhost")
