"""What a trusted proxy says about the client behind it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

_MOST_KNOWN = 1024
_LONGEST_ADDRESS = 64
_SCHEMES = {"http": ("http", "https"), "websocket": ("ws", "wss")}
_SECURE = {"http": False, "ws": False, "https": True, "wss": True}


class Forwarded:
    """Believes `X-Forwarded-For` and `X-Forwarded-Proto`, but only from the operator's proxies.

    Of the addresses the last one counts that is no proxy's: what stands before it
    was written by the client. A scheme counts if no other is named beside it.
    `X-Forwarded-Host` is never believed: the proxy passes `Host` on, or `AUTH_URL`
    says what the origin is.
    """

    def __init__(self, app: ASGIApp, *, proxies: Sequence[str]) -> None:
        """Stand in front of an app.

        Args:
            app: The app.
            proxies: Addresses and networks of the proxies.
        """
        self._app = app
        self._proxies = [ip_network(proxy) for proxy in proxies]
        self._known = lru_cache(_MOST_KNOWN)(self._is_listed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its client's address and scheme put right."""
        peer = scope.get("client")
        if peer and scope["type"] in _SCHEMES and self._is_proxy(peer[0]):
            self._put_right(scope)
        await self._app(scope, receive, send)

    def _put_right(self, scope: Scope) -> None:
        chain = _items(scope, b"x-forwarded-for")
        if chain:
            others = (hop for hop in reversed(chain) if not self._is_proxy(hop))
            scope["client"] = (next(others, chain[0]), 0)
        schemes = {scheme.lower() for scheme in _items(scope, b"x-forwarded-proto")}
        if len(schemes) == 1 and (scheme := schemes.pop()) in _SECURE:
            scope["scheme"] = _SCHEMES[scope["type"]][_SECURE[scheme]]

    def _is_proxy(self, host: str) -> bool:
        return len(host) <= _LONGEST_ADDRESS and self._known(host)

    def _is_listed(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)


def _items(scope: Scope, name: bytes) -> list[str]:
    """Read all lines of a header as one list (RFC 9110, section 5.3)."""
    lines = [value for key, value in scope["headers"] if key == name]
    items = (item.strip() for item in b",".join(lines).decode("latin-1").split(","))
    return [item for item in items if item]
