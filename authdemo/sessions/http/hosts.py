"""Which hosts the app answers for."""

from __future__ import annotations

import logging
from functools import lru_cache
from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from .messages import answers
from .messages.errors import HostRejected
from .messages.origin import HOST

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
        """Wrap an app.

        Args:
            app: The app.
            url: The public origin, if the operator names it.
        """
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
                    await answers.refusal(error)(scope, receive, send)
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
