"""What a trusted proxy says about the client behind it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

from ..core.rate_limit import parse_address

_MAX_HOPS = 64
_MAPPED = IPv6Network("::ffff:0:0/96")
_SCHEMES = {"http": ("http", "https"), "websocket": ("ws", "wss")}
_SECURE = {"http": False, "ws": False, "https": True, "wss": True}


class ProxyHeaders:
    """Believes `X-Forwarded-For` and `X-Forwarded-Proto`, but only from the operator's proxies.

    Of the addresses the last one counts that is no proxy's: what stands before it
    was written by the client. If it is no address, the client has none (an empty text).
    A scheme counts if no other is named beside it. `X-Forwarded-Host` is never believed:
    the proxy passes `Host` on, or `AUTH_URL` says what the origin is.
    """

    def __init__(self, app: ASGIApp, *, proxies: Sequence[str]) -> None:
        self._app = app
        self._proxies = [_network(proxy) for proxy in proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its client's address and scheme put right."""
        peer = scope.get("client")
        if peer and scope["type"] in _SCHEMES and self._is_listed(parse_address(peer[0])):
            self._put_right(scope)
        await self._app(scope, receive, send)

    def _put_right(self, scope: Scope) -> None:
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
        return address is not None and any(address in network for network in self._proxies)


def _network(text: str) -> IPv4Network | IPv6Network:
    """Read a proxy's network; one that is mapped into IPv6 is one of IPv4, as its addresses are."""
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        first = int(network.network_address) - int(_MAPPED.network_address)
        return IPv4Network((first, network.prefixlen - _MAPPED.prefixlen))
    return network


def _items(scope: Scope, name: bytes) -> list[str]:
    """Read all lines of a header as one list (RFC 9110, section 5.3)."""
    lines = [value for key, value in scope["headers"] if key == name]
    items = (item.strip() for item in b",".join(lines).decode("latin-1").split(","))
    return [item for item in items if item]
