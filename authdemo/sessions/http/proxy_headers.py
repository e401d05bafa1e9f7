"""The client's address and scheme, from the headers of trusted proxies."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from starlette.types import Scope

from ..core.rate_limit import parse_address

_MAX_HOPS = 64
_MAPPED = IPv6Network("::ffff:0:0/96")
_SCHEMES = {"http": ("http", "https"), "websocket": ("ws", "wss")}
_SECURE = {"http": False, "ws": False, "https": True, "wss": True}


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
