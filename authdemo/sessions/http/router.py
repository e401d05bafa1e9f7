"""Requests, their responses, and the router of `/api/auth`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote

from starlette.types import ASGIApp, Receive, Scope, Send

from ..core import errors as e
from ..core.errors import AuthError
from ..core.utils import parse_json, write_json

MAX_BODY_BYTES = 16 * 1024
BODY_TIMEOUT = 10
"""Seconds from the head of a request to the last byte of its body."""

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_FORM_BOOLEANS = {"true": True, "on": True, "false": False, "off": False}
_PARAMETER = "{provider}"
_SAFE_IN_URLS = ":/%#?=@[]!$&'()*+,;"

RawHeaders: TypeAlias = list[tuple[bytes, bytes]]
"""Headers in ASGI's form."""

PRIVATE: Mapping[str, str] = {
    "cache-control": "private, no-cache, no-store",
    "vary": "Cookie",
}
"""Headers of a response for one user."""


class MessageRejected(AuthError):
    """A malformed request."""

    status = 400

    def __init_subclass__(cls) -> None:
        """Derive the code of each kind from its name."""
        cls.code = cls.__name__

    def __init__(
        self, message: str, status: int | None = None, *, field: str | None = None
    ) -> None:
        super().__init__(message, field=field)
        if status is not None:
            self.status = status


class BodyRejected(MessageRejected):
    """A body that can't be read."""


class PreconditionFailed(MessageRejected):
    """A precondition that can't be read, or can't be met."""


class UpgradeRequired(MessageRejected):
    """A request for a path that takes WebSockets only (RFC 9110, section 15.5.22)."""

    status = 426


class HostRejected(MessageRejected):
    """A missing, malformed or unknown host (RFC 9112, section 3.2)."""


BASE = "/api/auth"
"""The path of the HTTP API."""

_STATUS: dict[type[AuthError], int] = {
    e.RevisionConflict: 409,
    e.UpdateRejected: 422,
    e.TokenTooLarge: 422,
    e.NotAuthenticated: 401,
    e.AccessDenied: 403,
    e.ProviderTokenUnavailable: 403,
    e.ImpersonationRejected: 403,
    e.UnknownProvider: 404,
    e.NotFound: 404,
    e.MethodNotAllowed: 405,
    e.TooManyAttempts: 429,
    e.TooManyRegistrations: 429,
    e.TooManySockets: 429,
    e.TooManyUpdates: 429,
    e.SignInError: 401,
    e.RequestRejected: 403,
    e.ConnectionLost: 400,
    e.StoreUnavailable: 503,
}


def status_of(error: AuthError) -> int:
    if isinstance(error, MessageRejected):
        return error.status
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def find_header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return None


def header(scope: Scope, name: bytes) -> str:
    """Find a header; empty if there is none."""
    return find_header(scope, name) or ""


def wants_page(scope: Scope) -> bool:
    """Tell whether a person sees the response: browsers ask for HTML by name."""
    return "text/html" in header(scope, b"accept")


@dataclass(eq=False)
class Request:
    """A request; nothing of it is parsed before it is needed."""

    scope: Scope
    receive: Receive
    provider_id: str = ""

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's fields; the last one of a name counts."""
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    @cached_property
    def is_form(self) -> bool:
        """Whether the body consists of form fields, which are all text."""
        return self._content_type == _FORM

    @property
    def follows_redirects(self) -> bool:
        """Whether the sender is Auth.js's client, which takes redirects as JSON."""
        return find_header(self.scope, b"x-auth-return-redirect") is not None

    def redirect(self, url: str) -> Response:
        """Redirect, in the form that the sender can follow."""
        if self.follows_redirects:
            return private_json({"url": url}).plus([location_header(url)])
        return redirect(url, 302)

    def callback_url(self, body: Mapping[str, Any]) -> str:
        """Read where the client wants to go: from the body as in Auth.js, else from the query."""
        wanted = body.get("callbackUrl")
        if not isinstance(wanted, str | None):
            raise BodyRejected("The field 'callbackUrl' must be text.", field="callbackUrl")
        return wanted or self.query.get("callbackUrl", "")

    async def read(self) -> dict[str, Any]:
        """Read a body of JSON or of form fields."""
        if self._content_type not in (_JSON, _FORM):
            raise BodyRejected(f"The body must be {_JSON} or {_FORM}.", 415)
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                data = await self._receive_all()
        except TimeoutError as error:  # RFC 9110, section 15.5.9
            raise BodyRejected("The body took too long to arrive. Send it again.", 408) from error
        try:
            body = _parse_form(data) if self.is_form else parse_json(data)
        except ValueError as error:
            raise BodyRejected("The body is not valid JSON, or not UTF-8.") from error
        if not isinstance(body, dict):
            raise BodyRejected("The body must be a JSON object.")
        return body

    def flag(self, body: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
        """Read a field that is true or false; a form sends it as text, as a checkbox does."""
        value = body.get(name)
        if self.is_form and isinstance(value, str):
            value = _FORM_BOOLEANS.get(value, value)
        if not isinstance(value, bool | None):
            raise BodyRejected(f"The field {name!r} must be true or false.", 422, field=name)
        return default if value is None else value

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Callable[[], bool]]:
        """Watch whether the client disconnects, once the body has been read."""
        left = asyncio.Event()

        async def watch() -> None:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                left.set()

        watching = asyncio.create_task(watch())
        try:
            yield left.is_set
        finally:
            watching.cancel()

    @property
    def _content_type(self) -> str:
        return header(self.scope, b"content-type").partition(";")[0].strip().lower()

    async def _receive_all(self) -> bytes:
        data, has_more = b"", True
        while has_more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise BodyRejected("The body did not arrive whole.")
            data += message.get("body", b"")
            has_more = message.get("more_body", False)
            if len(data) > MAX_BODY_BYTES:
                raise BodyRejected(f"The body must have at most {MAX_BODY_BYTES} bytes.", 413)
        return data


def _parse_form(data: bytes) -> dict[str, Any]:
    text = data.decode("utf-8", "strict")
    return dict(parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="strict"))


@dataclass(slots=True)
class Response:
    """A whole response, as an ASGI app."""

    status: int
    headers: RawHeaders
    body: bytes = b""

    def plus(self, headers: Iterable[tuple[bytes, bytes]]) -> Response:
        self.headers.extend(headers)
        return self

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it; the server leaves out what it must, such as the body for `HEAD`."""
        self.headers.append((b"content-length", b"%d" % len(self.body)))
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def encode_headers(headers: Mapping[str, str]) -> RawHeaders:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


_JSON_HEADERS = {"content-type": "application/json; charset=utf-8"}
_AS_AUTH_JS = {"expires": "0", "pragma": "no-cache"}
_PRIVATE = encode_headers(PRIVATE)
_PRIVATE_JSON = encode_headers({**PRIVATE, **_AS_AUTH_JS, **_JSON_HEADERS})
_PRIVATE_TEXT = encode_headers({**PRIVATE, "content-type": "text/plain; charset=utf-8"})
_PUBLIC_JSON = encode_headers({**_JSON_HEADERS, "cache-control": "public, max-age=300"})


def public_json(body: object) -> Response:
    """Respond with JSON that is the same for everyone."""
    return Response(200, [*_PUBLIC_JSON], write_json(body))


def private_json(body: object, status: int = 200) -> Response:
    """Respond with JSON for one user."""
    return Response(status, [*_PRIVATE_JSON], write_json(body))


def plain_text(body: str, status: int) -> Response:
    return Response(status, [*_PRIVATE_TEXT], body.encode())


def redirect(url: str, status: int) -> Response:
    return Response(status, [*_PRIVATE, location_header(url)])


def location_header(url: str) -> tuple[bytes, bytes]:
    """Encode a URL for `Location` (RFC 9110, section 10.2.2)."""
    return b"location", quote(url, safe=_SAFE_IN_URLS).encode()


def error_headers(error: AuthError) -> RawHeaders:
    """List the headers of an error: `Retry-After`, `Allow` and `WWW-Authenticate` (RFC 9110)."""
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    if error.reason in ("invalid_token", "insufficient_scope"):  # RFC 6750, section 3
        headers["www-authenticate"] = f'Bearer error="{error.reason}"'
    if isinstance(error, e.MethodNotAllowed):
        headers["allow"] = ", ".join(error.allowed)
    return encode_headers(headers)


def text_error(error: AuthError) -> Response:
    return plain_text(error.message, status_of(error)).plus(error_headers(error))


def json_error(error: AuthError, extra: Mapping[str, Any] | None = None) -> Response:
    body: dict[str, Any] = {**error.to_dict(), **(extra or {})}
    if isinstance(error, e.RevisionConflict):
        body["rev"] = error.rev
    return private_json(body, status_of(error)).plus(error_headers(error))


async def reject(error: AuthError, scope: Scope, receive: Receive, send: Send) -> None:
    """Respond to a request with an error as JSON, or close a handshake."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})
    else:
        await json_error(error)(scope, receive, send)


Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
Route: TypeAlias = Mapping[str, Endpoint]
"""What answers each method at one path."""


@dataclass(frozen=True, eq=False)
class Router:
    """Answers requests for the paths below `base`, and passes on the others.

    `Api.before` makes its table of the endpoints that `operation` marks.

    Empty segments of a path are ignored, as in Auth.js: `/session/` and `//session` are
    `/session`. `HEAD` is answered like `GET`; the server leaves the body out (RFC 9110,
    section 9.3.2).
    """

    app: ASGIApp
    base: str
    table: Mapping[str, Route]
    audit: Callable[[Scope, AuthError], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on; every `AuthError` becomes a response."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not f"{path}/".startswith(f"{self.base}/"):
            await self.app(scope, receive, send)
            return
        route, provider_id = self._find(path.removeprefix(self.base))
        try:
            response = await _endpoint(route, scope["method"])(Request(scope, receive, provider_id))
        except AuthError as error:
            if not isinstance(error, MessageRejected | e.NotFound | e.MethodNotAllowed):
                self.audit(scope, error)
            response = _error_response(scope, error)
        await response(scope, receive, send)

    def _find(self, path: str) -> tuple[Route, str]:
        """Find the route of a path, and the provider in it."""
        if path in self.table:
            return self.table[path], ""
        segments = [segment for segment in path.split("/") if segment]
        whole, parent = "/" + "/".join(segments), "/" + "/".join([*segments[:-1], _PARAMETER])
        if whole in self.table:
            return self.table[whole], ""
        return self.table.get(parent, {}), segments[-1] if segments else ""


def _endpoint(route: Route, method: str) -> Endpoint:
    endpoint = route.get("GET" if method == "HEAD" else method)
    if endpoint is not None:
        return endpoint
    if not route:
        raise e.NotFound
    raise e.MethodNotAllowed(allowed=sorted([*route, *(["HEAD"] if "GET" in route else [])]))


def _error_response(scope: Scope, error: AuthError) -> Response:
    url = getattr(error, "url", None)
    if url and wants_page(scope):
        return redirect(url, 303)
    return json_error(error, {"url": url} if url else None)
