"""The canonical path, which is both authorized and routed."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from ..core.rules import canonical

_SENT = "authdemo.sessions.path_as_sent"


@dataclass(frozen=True, eq=False)
class CanonicalPaths:
    """Writes the canonical path into the scope, so that no later layer sees another one."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or handshake on with its canonical path."""
        if scope["type"] in ("http", "websocket"):
            sent = scope["path"]
            address = canonical(_spelled(scope))
            scope.update({"path": unquote(address), "raw_path": address.encode(), _SENT: sent})
        await self.app(scope, receive, send)


def address_of(scope: Scope) -> str:
    """Return the canonical path, percent-encoded."""
    return str(scope["raw_path"].decode())


def path_as_sent(scope: Scope) -> str:
    """Return the decoded path as the client sent it."""
    return str(scope[_SENT])


def _spelled(scope: Scope) -> str:
    """Return the encoded path; some servers' `raw_path` is missing or another path."""
    raw = bytes(scope.get("raw_path") or b"").decode("latin-1").partition("?")[0]
    path = str(scope["path"])
    return raw if unquote(raw) == path else quote(path, errors="replace")
