"""What a trusted proxy says about the client behind it."""

from __future__ import annotations

from collections.abc import Sequence

from granian.utils.proxies import wrap_asgi_with_proxy_headers
from starlette.types import ASGIApp, Receive, Scope, Send


class Forwarded:
    """Believes `X-Forwarded-For` and `X-Forwarded-Proto`, but only from the operator's proxies.

    Of the addresses the last one counts that is no proxy's: what stands before it
    was written by the client. `X-Forwarded-Host` is never believed: the proxy passes
    `Host` on, or `AUTH_URL` says what the origin is.
    """

    def __init__(self, app: ASGIApp, *, proxies: Sequence[str]) -> None:
        """Stand in front of an app.

        Args:
            app: The app.
            proxies: Addresses and networks of the proxies.
        """
        self._app = wrap_asgi_with_proxy_headers(app, trusted_hosts=list(proxies))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its client's address and scheme put right."""
        await self._app(scope, receive, send)
