"""Where a request is addressed to, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from starlette.types import Scope

from ...core.errors import RequestRefused
from .scopes import find_header, header

HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?")
_SECURE_SCHEMES = ("https", "wss")
_MOST_ORIGINS = 256


class Origins:
    """Knows which origin is the app's own."""

    def __init__(self, url: str | None, *, also: Collection[str] = ()) -> None:
        """Make a judge.

        Args:
            url: The public origin, or None to take each request's own.
            also: Other origins whose pages may call; in development, the page server.
        """
        self._url = url
        self._also = frozenset(also)

    def base_url(self, scope: Scope) -> str:
        """Find the app's origin, as the browser sees it.

        Args:
            scope: The request or handshake.

        Returns:
            Scheme, host and port.

        Raises:
            RequestRefused: If the request doesn't say where it is addressed to.
        """
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
        """Judge where a request comes from.

        Args:
            scope: The request or handshake.

        Returns:
            True for the app's own pages, False for anyone else's, and None if
            the request doesn't say, as those that no browser made.
        """
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
        """Refuse what another origin's page sends.

        Args:
            scope: The request.

        Raises:
            RequestRefused: If it comes from elsewhere.
        """
        is_cross_site = header(scope, b"sec-fetch-site") == "cross-site"
        if is_cross_site or self.is_own(scope) is False:
            raise RequestRefused("The request comes from another site.")


@lru_cache(_MOST_ORIGINS)
def _origin(scheme: str, host: str) -> str:
    if not HOST.fullmatch(host):
        raise RequestRefused("The request has no valid Host header.")
    return f"{scheme}://{host}"
