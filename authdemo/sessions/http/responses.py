"""Responses: JSON, redirects and errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from ..core import errors as e
from ..core import strict_json
from ..core.errors import AuthError
from .cookies import RawHeaders


class MessageRejected(AuthError):
    """A malformed request."""

    status = 400

    def __init__(
        self, message: str, status: int | None = None, *, field: str | None = None
    ) -> None:
        super().__init__(message, field=field)
        if status is not None:
            self.status = status


class BodyRejected(MessageRejected):
    """A body that can't be read."""

    code = "BodyRejected"


class PreconditionFailed(MessageRejected):
    """A precondition that can't be read, or can't be met."""

    code = "PreconditionFailed"


class UpgradeRequired(MessageRejected):
    """A request for a path that takes WebSockets only (RFC 9110, section 15.5.22)."""

    code = "UpgradeRequired"
    status = 426


class HostRejected(MessageRejected):
    """A missing, malformed or unknown host (RFC 9112, section 3.2)."""

    code = "HostRejected"


PRIVATE: Mapping[str, str] = {
    "cache-control": "private, no-cache, no-store",
    "vary": "Cookie",
}
"""Headers of a response for one user."""

_AS_AUTH_JS = {"expires": "0", "pragma": "no-cache"}
_JSON = {"content-type": "application/json; charset=utf-8"}
_TEXT = {"content-type": "text/plain; charset=utf-8"}
_SAFE_IN_URLS = ":/%#?=@[]!$&'()*+,;"

_STATUS: dict[type[e.AuthError], int] = {
    e.RevisionConflict: 409,
    e.UpdateRejected: 422,
    e.TokenTooLarge: 422,
    e.NotAuthenticated: 401,
    e.AccessDenied: 403,
    e.UnknownProvider: 404,
    e.NotFound: 404,
    e.MethodNotAllowed: 405,
    e.TooManyAttempts: 429,
    e.TooManySockets: 429,
    e.TooManyUpdates: 429,
    e.SignInError: 401,
    e.RequestRejected: 403,
    e.ConnectionLost: 400,
    e.StoreUnavailable: 503,
}


def status(error: e.AuthError) -> int:
    """Choose the HTTP status of an error."""
    if isinstance(error, MessageRejected):
        return error.status
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def encode_headers(headers: Mapping[str, str]) -> RawHeaders:
    """Encode headers for ASGI."""
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


@dataclass(slots=True)
class Response:
    """A whole response, as an ASGI app."""

    status: int
    headers: RawHeaders
    body: bytes = b""

    def plus(self, headers: Iterable[tuple[bytes, bytes]]) -> Response:
        """Add headers, such as cookies."""
        self.headers.extend(headers)
        return self

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it; the server leaves out what it must, such as the body for `HEAD`."""
        self.headers.append((b"content-length", b"%d" % len(self.body)))
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


_PRIVATE = encode_headers(PRIVATE)
_PRIVATE_JSON = encode_headers({**PRIVATE, **_AS_AUTH_JS, **_JSON})
_PRIVATE_TEXT = encode_headers({**PRIVATE, **_TEXT})
_PUBLIC_JSON = encode_headers({**_JSON, "cache-control": "public, max-age=300"})


def public_json(body: object) -> Response:
    """Respond with JSON that is the same for everyone."""
    return Response(200, [*_PUBLIC_JSON], strict_json.dumps(body))


def private_json(body: object, status_code: int = 200) -> Response:
    """Respond with JSON for one user."""
    return Response(status_code, [*_PRIVATE_JSON], strict_json.dumps(body))


def text(body: str, status_code: int) -> Response:
    """Respond with plain text."""
    return Response(status_code, [*_PRIVATE_TEXT], body.encode())


def redirect(url: str, status_code: int) -> Response:
    """Redirect."""
    return Response(status_code, [*_PRIVATE, location_header(url)])


def location_header(url: str) -> tuple[bytes, bytes]:
    """Encode a URL for `Location` (RFC 9110, section 10.2.2)."""
    return b"location", quote(url, safe=_SAFE_IN_URLS).encode()


def error_headers(error: e.AuthError) -> RawHeaders:
    """List the headers of an error: `Retry-After` and `Allow` (RFC 9110, section 10.2)."""
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, e.MethodNotAllowed):
        headers["allow"] = ", ".join(error.allowed)
    return encode_headers(headers)


def text_error(error: e.AuthError) -> Response:
    """Respond with an error as text."""
    return text(error.message, status(error)).plus(error_headers(error))


def json_error(error: e.AuthError, extra: Mapping[str, Any] | None = None) -> Response:
    """Respond with an error as JSON."""
    body: dict[str, Any] = {**error.to_dict(), **(extra or {})}
    if isinstance(error, e.RevisionConflict):
        body["rev"] = error.rev
    return private_json(body, status(error)).plus(error_headers(error))


async def reject(error: e.AuthError, scope: Scope, receive: Receive, send: Send) -> None:
    """Respond to a request with an error as JSON, or close a handshake."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})
    else:
        await json_error(error)(scope, receive, send)
