"""The outermost middleware, which each request passes first, and the app's own origins."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import quote, unquote

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..core.errors import RequestRejected
from ..core.rate_limit import parse_address
from ..core.rules import PLAIN_PATH, canonical
from .router import HostRejected, find_header, header, reject

Layer: TypeAlias = Callable[[ASGIApp], ASGIApp]

HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?")
_INNER_APP = "authdemo.sessions.inner_app"
"""The key in a scope for the app behind the layers that it has entered."""

_PATH_AS_SENT = "authdemo.sessions.path_as_sent"
_SECURE_SCHEMES = ("https", "wss")
_MAX_HOPS = 64
_MAPPED = IPv6Network("::ffff:0:0/96")
_SCHEMES = {"http": ("http", "https"), "websocket": ("ws", "wss")}
_SECURE = {"http": False, "ws": False, "https": True, "wss": True}
_MAX_CACHED = 256
_MAX_LOGGED = 20
_MAX_SHOWN = 100
_ALWAYS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
_NO_DOCUMENT = [
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
]
_HSTS = [(b"strict-transport-security", b"max-age=63072000")]

logger = logging.getLogger("authdemo.sessions")


@dataclass(eq=False)
class Origins:
    """Knows the app's own origins: its URL, or else each request's own, and `also`."""

    url: str | None
    _: KW_ONLY
    also: Collection[str] = ()
    _logged: set[str] = field(default_factory=set, init=False)

    def base_url(self, scope: Scope) -> str:
        """Find the app's origin as the browser sees it."""
        if self.url:
            return self.url
        scheme = "https" if self.is_secure(scope) else "http"
        return _origin(scheme, header(scope, b"host"))

    def home_of(self, url: str, base_url: str) -> str:
        """Find the origin of the app's pages: that of a URL, if another server serves it."""
        others = (each for each in self.also if f"{url}/".startswith(f"{each}/"))
        return next(others, base_url)

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

    def log_rejected(self, scope: Scope) -> None:
        """Log the origin of a rejected socket, and how it would be an own one."""
        origin = header(scope, b"origin")
        if self.is_own(scope) is False and is_new(origin, self._logged):
            setting = "cors_allowed_origins in rxconfig.py" if self.also else "AUTH_URL"
            logger.info(  # anybody can cause it
                "Rejected a socket of a page at %r, which isn't an origin of this app: %s. If the "
                "page is the app's, open it there, or name its origin in %s.",
                origin[:_MAX_SHOWN],
                ", ".join((self.base_url(scope), *self.also)),
                setting,
            )


def is_new(name: str, logged: set[str]) -> bool:
    """Tell whether to log a name: each once, and only so many, so that nobody fills the log."""
    if name in logged or len(logged) >= _MAX_LOGGED:
        return False
    logged.add(name)
    return True


@lru_cache(_MAX_CACHED)
def _origin(scheme: str, host: str) -> str:
    if not HOST.fullmatch(host):
        raise RequestRejected("The request has no valid Host header.")
    return f"{scheme}://{host}"


class OutermostMiddleware:
    """Prepares and checks each request once, wherever it enters, and passes it to the layers.

    A framework can wrap an app in layers of its own before it is served. We wrap both the whole
    and the app: so requests that are answered here are fast, and none can bypass the layers if
    the app is served without the framework's.
    """

    def __init__(
        self, layers: Iterable[Layer], origins: Origins, *, proxies: Sequence[str] = ()
    ) -> None:
        stack: ASGIApp = _call_inner_app
        for layer in layers:
            stack = layer(stack)
        self._stack, self._origins = stack, origins
        self._proxies = TrustedProxies(proxies) if proxies else None
        self._hosts = Hosts(origins.url)
        self._for_others = CORSMiddleware(stack) if origins.also else stack
        self._for_own_pages = CORSMiddleware(
            stack,
            allow_origins=["*"],
            allow_methods=["*"],
            allow_headers=["*"],
            allow_credentials=True,
        )

    def before(self, app: ASGIApp) -> ASGIApp:
        async def enter(scope: Scope, receive: Receive, send: Send) -> None:
            if _INNER_APP in scope:
                await app(scope, receive, send)
                return
            scope[_INNER_APP] = app
            if scope["type"] not in ("http", "websocket"):
                await self._stack(scope, receive, send)
                return
            if self._proxies is not None:
                self._proxies.apply(scope)
            send = self._with_security_headers(scope, send)
            try:
                self._hosts.check(scope)
            except HostRejected as error:
                await reject(error, scope, receive, send)
                return
            _make_canonical(scope)
            await self._choose_cors(scope)(scope, receive, send)

        return enter

    def _with_security_headers(self, scope: Scope, send: Send) -> Send:
        """Add security headers to every response that doesn't set them itself.

        JSON and redirects can't be framed; the app decides about its own documents.
        """

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                own = {name.lower(): value for name, value in headers}
                added = _ALWAYS + _HSTS if self._origins.is_secure(scope) else _ALWAYS
                if own.get(b"content-type", b"application/json").startswith(b"application/json"):
                    added = added + _NO_DOCUMENT
                headers += [each for each in added if each[0] not in own]
                message = {**message, "headers": headers}
            await send(message)

        return send_safely if scope["type"] == "http" else send

    def _choose_cors(self, scope: Scope) -> ASGIApp:
        """Let the app's own pages call, also those of another server, such as in development.

        Layers behind this one, such as Reflex's, decide about other origins.
        """
        if scope["type"] != "http" or find_header(scope, b"origin") is None:
            return self._for_others
        if self._origins.is_own(scope):
            return self._for_own_pages
        return self._stack if is_preflight(scope) else self._for_others


async def _call_inner_app(scope: Scope, receive: Receive, send: Send) -> None:
    await scope[_INNER_APP](scope, receive, send)


class TrustedProxies:
    """Trusts `X-Forwarded-For` and `X-Forwarded-Proto`, but only from the operator's proxies.

    The client is the last address that isn't a proxy's: the client itself could have written
    those before it. An invalid address counts as none. A scheme counts if it is the only one.
    `X-Forwarded-Host` is never trusted: the proxy passes `Host` on, or `AUTH_URL` is set.
    """

    def __init__(self, proxies: Sequence[str]) -> None:
        self._networks = [_network(proxy) for proxy in proxies]

    def apply(self, scope: Scope) -> None:
        """Write the client's address and scheme into the scope of a request or handshake."""
        peer = scope.get("client")
        if not peer or not self._is_listed(parse_address(peer[0])):
            return
        chain = _items(scope, b"x-forwarded-for")
        if chain:
            hops = [parse_address(hop) for hop in chain[-_MAX_HOPS:]]
            others = (hop for hop in reversed(hops) if not self._is_listed(hop))
            client = next(others, hops[0])
            scope["client"] = ("" if client is None else str(client), 0)
        schemes = {scheme.lower() for scheme in _items(scope, b"x-forwarded-proto")}
        if len(schemes) == 1 and (scheme := schemes.pop()) in _SECURE:
            scope["scheme"] = _SCHEMES[scope["type"]][_SECURE[scheme]]

    def _is_listed(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def _network(text: str) -> IPv4Network | IPv6Network:
    """Parse a proxy's network; IPv4 networks that are mapped into IPv6 become IPv4."""
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        first = int(network.network_address) - int(_MAPPED.network_address)
        return IPv4Network((first, network.prefixlen - _MAPPED.prefixlen))
    return network


def _items(scope: Scope, name: bytes) -> list[str]:
    """Parse all lines of a header as one list (RFC 9110, section 5.3)."""
    lines = [value for key, value in scope["headers"] if key == name]
    items = (item.strip() for item in b",".join(lines).decode("latin-1").split(","))
    return [item for item in items if item]


@dataclass(eq=False)
class Hosts:
    """Rejects requests without a host, with several, or with one that may be an attacker's.

    A page of `evil.example` reaches the app as its own origin if that name resolves to this
    machine (DNS rebinding). Without `AUTH_URL` the app therefore answers only for addresses and
    for `localhost`.
    """

    url: str | None
    _logged: set[str] = field(default_factory=set, init=False)

    def check(self, scope: Scope) -> None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
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
        if is_new(host, self._logged):
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


def is_preflight(scope: Scope) -> bool:
    """Tell whether a request is a CORS preflight, which has no cookies."""
    return (
        scope["type"] == "http"
        and scope["method"] == "OPTIONS"
        and find_header(scope, b"origin") is not None
        and find_header(scope, b"access-control-request-method") is not None
    )


def _make_canonical(scope: Scope) -> None:
    """Write the canonical path into a scope: it is both authorized and routed."""
    sent = scope["path"]
    encoded = _encoded_path(scope)
    address = encoded if PLAIN_PATH.fullmatch(encoded) else canonical(encoded)
    scope.update({"path": unquote(address), "raw_path": address.encode(), _PATH_AS_SENT: sent})


def _encoded_path(scope: Scope) -> str:
    """Return the encoded path; some servers' `raw_path` is missing or another path."""
    raw = bytes(scope.get("raw_path") or b"").decode("latin-1").partition("?")[0]
    path = str(scope["path"])
    return raw if unquote(raw) == path else quote(path, errors="replace")


def address_of(scope: Scope) -> str:
    """Return the canonical path, percent-encoded."""
    return str(scope["raw_path"].decode())


def path_as_sent(scope: Scope) -> str:
    """Return the decoded path as the client sent it."""
    return str(scope[_PATH_AS_SENT])
