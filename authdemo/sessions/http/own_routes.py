"""The app's own routes and sockets: each gets the session of its request or handshake."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import Any, cast

from starlette.authentication import AuthCredentials, BaseUser, UnauthenticatedUser
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from ..core.bearer import has_our_form
from ..core.callbacks import callback_path
from ..core.errors import (
    AccessDenied,
    AuthError,
    ConfigurationError,
    NotAuthenticated,
    NotFound,
    RequestRejected,
    StoreUnavailable,
)
from ..core.events import Notice, SessionChanged, SessionEnded
from ..core.record import SessionRecord
from ..core.rules import Rule, Verdict
from ..core.session import Session
from ..engine import Engine
from .context import RequestContext, RequestContexts, bearer_token
from .outermost import address_of
from .router import (
    PRIVATE,
    RawHeaders,
    encode_headers,
    find_header,
    header,
    redirect,
    reject,
    wants_page,
)

_REQUEST = "authdemo.sessions.request"
"""The key in a scope for the `AppRequest`."""

SESSION_ENDED = 4401
"""The close code of a socket whose session has ended."""

_MAX_WAIT = 86_400.0
_RETRY_SECONDS = 1.0
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_CONFIRM, _LEVEL = "confirmation", "level"
_PRIVATE = encode_headers(PRIVATE)
_current: ContextVar[AppRequest | None] = ContextVar("request", default=None)


class RequestUser(BaseUser):
    """Starlette's `request.user`: the session's user, and the `session` itself."""

    is_authenticated = True

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def display_name(self) -> str:
        return self.session.user.name or self.session.user.id

    @property
    def identity(self) -> str:
        return self.session.user.id

    def __getattr__(self, name: str) -> Any:
        if name == "session":  # a copy that is being made has none yet
            raise AttributeError(name)
        return getattr(self.session.user, name)


@dataclass(eq=False)
class AppRequest:
    """A running request, or an open socket, of the app's own."""

    routes: OwnRoutes
    context: RequestContext
    error: AuthError | None = None
    """Why there is no session, if a credential was sent."""
    session: Session | None = None
    """The session as it was last verified."""
    rules: list[Rule] = field(default_factory=list)
    """The rules that the session has met."""
    cookies: RawHeaders = field(default_factory=list)
    is_ended: bool = False
    has_started: bool = False

    async def find_record(self) -> SessionRecord | None:
        """Find the session, verified now."""
        if isinstance(self.error, StoreUnavailable):
            raise self.error
        sessions, sid = self.routes.engine.sessions, self.context.sid
        record = await sessions.find(sid) if sid and not self.is_ended else None
        self.session = self.routes.engine.session(record) if record else None
        return record

    async def update(self, fields: Mapping[str, object]) -> SessionRecord:
        """Update the session; the cookie is set by this response, unless it has started."""
        record, contexts = await self.find_record(), self.routes.contexts
        if record is None:
            raise NotAuthenticated
        result = await self.routes.engine.sessions.update(
            record.id, fields, author="server", device=self.context.device, known=record
        )
        if record.bearer is None:
            self.cookies.clear()
            contexts.set_session_cookie(self.cookies, self.context, result.record, result.token)
        return result.record

    async def sign_out(self) -> SessionRecord | None:
        """End the session; the cookie is cleared by this response, unless it has started."""
        record, contexts = await self.find_record(), self.routes.contexts
        if record is not None:
            await self.routes.engine.sessions.end(
                record.id, "signed-out", device=self.context.device
            )
        self.session, self.is_ended = None, True
        if self.context.has_own_token:
            self.cookies.clear()
            contexts.clear_session(self.cookies, self.context)
        return record

    async def check(self, rule: Rule) -> None:
        """Check that a rule allows the session, as it is now."""
        if any(each is rule for each in self.rules):
            return
        session = await self.require_session()
        verdict = await rule.judge(session, self.routes.engine.clock)
        if verdict is Verdict.CONFIRM:
            if session.level < rule.level:
                raise AccessDenied("Confirm with a second factor to continue.", reason=_LEVEL)
            raise AccessDenied("Enter your password to continue.", reason=_CONFIRM)
        if verdict is Verdict.DENIED:
            reason = "insufficient_scope" if rule.needs_scope(session) else "route"
            raise AccessDenied("You don't have permission to do this.", reason=reason)
        self.rules.append(rule)

    async def is_allowed(self) -> float | None:
        """Check the session of a socket again; return for how long it may stay open."""
        record = await self.find_record()
        if record is None or self.session is None:
            return None
        clock = self.routes.engine.clock
        for rule in self.rules:
            if await rule.decide(self.session, clock) in (Verdict.DENIED, Verdict.SIGN_IN):
                return None
        return max(record.expires_at - clock(), 0.0)

    async def require_session(self) -> Session:
        """Find the session, verified now, where there must be one."""
        await self.find_record()
        if self.session is None:
            raise self.error or NotAuthenticated()
        return self.session

    async def headers(self, others: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
        """Add the cookies that are pending or due; what depends on a session is private."""
        headers, contexts = list(others), self.routes.contexts
        if not self.cookies:
            with suppress(StoreUnavailable):
                await contexts.renew(self.cookies, self.context)
        if self.cookies:
            headers = [each for each in headers if each[0].lower() != b"cache-control"]
            return [*headers, *_PRIVATE, *self.cookies]
        has_policy = any(name.lower() == b"cache-control" for name, _ in headers)
        if self.context.record is None or has_policy:
            return headers
        return [*headers, (b"cache-control", b"private")]


@dataclass(eq=False)
class OwnSocket:
    """One open socket with a session."""

    request: AppRequest
    receive_message: Receive
    send_message: Send
    _revoked: asyncio.Future[None] = field(default_factory=asyncio.Future)
    _recheck: asyncio.Event = field(default_factory=asyncio.Event)
    _is_closed: bool = False
    _is_receiving: bool = False

    @property
    def is_revoked(self) -> bool:
        return self._revoked.done()

    def recheck(self) -> None:
        self._recheck.set()

    async def watch(self) -> None:
        """Close the socket once its session has ended or lost its rights."""
        while (wait := await self._seconds_left()) is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(wait + 1.0, _MAX_WAIT)):
                    await self._recheck.wait()
            self._recheck.clear()
        if self._is_closed:
            return
        self._revoked.set_result(None)
        if not self._is_receiving:
            await self._send_close()

    async def receive(self) -> Message:
        """Receive a message, or that the session has ended."""
        receiving = asyncio.ensure_future(self.receive_message())
        self._is_receiving = True
        try:
            either: set[asyncio.Future[Any]] = {receiving, self._revoked}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if receiving.done():
                message = receiving.result()
                self._is_closed = message["type"] == "websocket.disconnect"
                return message
        finally:
            receiving.cancel()
            self._is_receiving = False
        await asyncio.wait({receiving})  # Granian closes no socket that still receives
        await self._send_close()
        return {"type": "websocket.disconnect", "code": SESSION_ENDED}

    async def send(self, message: Message) -> None:
        """Send a message, unless the session has ended."""
        if self.is_revoked:
            raise OSError("The session of this socket has ended.")
        self._is_closed = message["type"] == "websocket.close"
        await self.send_message(message)

    async def _send_close(self) -> None:
        with suppress(OSError, RuntimeError):  # the client has left meanwhile
            await self.send_message({"type": "websocket.close", "code": SESSION_ENDED})

    async def _seconds_left(self) -> float | None:
        try:
            return await self.request.is_allowed()
        except StoreUnavailable:
            return _RETRY_SECONDS


@dataclass(frozen=True, eq=False)
class OwnSockets:
    """The open sockets of the app's own routes that have a session."""

    _by_sid: defaultdict[str, set[OwnSocket]] = field(
        default_factory=lambda: defaultdict(set), init=False
    )

    async def serve(
        self, request: AppRequest, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve a socket for as long as its session lasts."""
        sid = request.context.sid
        if not sid:
            await app(scope, receive, send)
            return
        socket = OwnSocket(request, receive, send)
        self._by_sid[sid].add(socket)
        watching = asyncio.create_task(socket.watch())
        try:
            await app(scope, socket.receive, socket.send)
        except WebSocketDisconnect:
            if not socket.is_revoked:
                raise
        finally:
            watching.cancel()
            self._by_sid[sid].discard(socket)
            if not self._by_sid[sid]:
                del self._by_sid[sid]

    def on_notice(self, notice: Notice) -> None:
        """Check the sockets of a session that has changed or ended."""
        match notice:
            case SessionChanged(record=record):
                sid = record.id
            case SessionEnded(sid=sid):
                pass
            case _:
                return
        for socket in self._by_sid.get(sid, ()):
            socket.request.is_ended |= isinstance(notice, SessionEnded)
            socket.recheck()

    def catch_up(self) -> None:
        """Check all sockets, since notices were missed."""
        for sockets in self._by_sid.values():
            for socket in sockets:
                socket.recheck()


def current_request() -> AppRequest | None:
    """Return the own request or socket that is being served; None outside of them."""
    return _current.get()


def request_of(where: object) -> AppRequest | None:
    """Find a request, a socket or a scope among the app's own; None for an event's state."""
    if isinstance(where, HTTPConnection):
        return request_in(where.scope)
    return request_in(where) if isinstance(where, Mapping) else None


def request_in(scope: Mapping[str, Any]) -> AppRequest:
    """Find the request that a scope belongs to."""
    request = cast("AppRequest | None", scope.get(_REQUEST))
    if request is None:
        raise ConfigurationError(
            "This request didn't pass through the sessions. Serve its route by "
            "rx.App(api_transformer=...)."
        )
    return request


@dataclass(frozen=True, eq=False)
class OwnRoutes:
    """Loads the session of each request and handshake for the app's own routes.

    What only another site's page can have sent is rejected, unless its path is exempt: then it
    has no session.
    """

    app: ASGIApp
    _: KW_ONLY
    engine: Engine
    contexts: RequestContexts
    sockets: OwnSockets
    trusted_origins: Collection[str]
    is_reflex: Callable[[Scope], bool]
    is_public: Callable[[Scope], bool]
    is_missing: Callable[[Scope], bool]
    serves_pages: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self.is_reflex(scope):
            await self.app(scope, receive, send)
            return
        try:
            request = await self._load(scope)
            if self.engine.protect_all and request.session is None:
                self._check_public(scope, request)
        except AuthError as error:
            await self.reject(error, scope, receive, send)
            return
        token = _current.set(request)
        try:
            await self._serve(request, scope, receive, send)
        except AuthError as error:
            if request.has_started:
                raise
            await self.reject(error, scope, receive, send)
        finally:
            _current.reset(token)

    async def _serve(self, request: AppRequest, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_REQUEST] = request
        _set_user(scope, request.session)
        if scope["type"] == "websocket":
            await self.sockets.serve(request, self.app, scope, receive, send)
        else:
            await self.app(scope, receive, partial(_send_with_cookies, send, request))

    def _check_public(self, scope: Scope, request: AppRequest) -> None:
        if self.is_public(scope):
            return
        if request.error is None and self.is_missing(scope):
            raise NotFound
        raise request.error or NotAuthenticated()

    async def reject(self, error: AuthError, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond with an error, or send a person to the page that can resolve it."""
        self.contexts.audit_rejection(scope, error)
        if url := self._page_for(error, scope):
            await redirect(url, 303)(scope, receive, send)
        else:
            await reject(error, scope, receive, send)

    def _page_for(self, error: AuthError, scope: Scope) -> str:
        is_page = scope["type"] == "http" and scope["method"] == "GET" and wants_page(scope)
        if not (self.serves_pages and is_page):
            return ""
        back = callback_path(address_of(scope), scope["query_string"].decode("latin-1"))
        if isinstance(error, NotAuthenticated):
            return self.engine.sign_in_url(callbackUrl=back)
        if error.reason not in (_CONFIRM, _LEVEL):
            return ""
        return self.engine.confirm_url(back, level=1 + (error.reason == _LEVEL))

    async def _load(self, scope: Scope) -> AppRequest:
        token, is_http = bearer_token(scope), scope["type"] == "http"
        is_safe = token is not None or (is_http and scope["method"] in _SAFE_METHODS)
        is_foreign = not is_safe and self._is_foreign(scope)
        if is_foreign and scope["path"] not in self.engine.csrf_exempt:
            raise RequestRejected("The request comes from another site.")
        if token is not None:
            return await self._load_bearer(scope, token)
        # A socket without an `Origin` isn't a page's, and no cookie was meant for it.
        is_trusted = is_http or self.contexts.origins.is_own(scope) is True
        trusts_cookies = is_trusted and not is_foreign
        return await self._bound(scope, self.contexts.load, trusts_cookies=trusts_cookies)

    async def _load_bearer(self, scope: Scope, token: str) -> AppRequest:
        """Load a program's session; a token of another form may be for the app's own code."""
        try:
            return await self._bound(scope, self.contexts.load_bearer, token=token)
        except NotAuthenticated as error:
            if has_our_form(token):
                raise
            request = await self._bound(scope, self.contexts.load, trusts_cookies=False)
            request.error = error
            return request

    async def _bound(
        self, scope: Scope, load: Callable[..., Awaitable[RequestContext]], **options: Any
    ) -> AppRequest:
        """Load a context; a public route answers even if the store can't be reached."""
        try:
            context = await load(scope, **options)
        except StoreUnavailable as error:
            empty = await self.contexts.load(scope, trusts_cookies=False)
            return AppRequest(self, empty, error)
        session = self.engine.session(context.record) if context.record else None
        return AppRequest(self, context, session=session)

    def _is_foreign(self, scope: Scope) -> bool:
        """Tell whether another origin's page sends a request (Go: `CrossOriginProtection`)."""
        origins, origin = self.contexts.origins, find_header(scope, b"origin")
        if origin in self.trusted_origins or (origin is not None and origin in origins.also):
            return False
        site = header(scope, b"sec-fetch-site")
        return site in ("cross-site", "same-site") or origins.is_own(scope) is False


def _set_user(scope: Scope, session: Session | None) -> None:
    """Set what `starlette.authentication` reads."""
    if session is None:
        scope["user"], scope["auth"] = UnauthenticatedUser(), AuthCredentials()
    else:
        scope["user"] = RequestUser(session)
        scope["auth"] = AuthCredentials(["authenticated", *sorted(session.scopes or ())])


async def _send_with_cookies(send: Send, request: AppRequest, message: Message) -> None:
    if message["type"] == "http.response.start":
        request.has_started = True
        message = {**message, "headers": await request.headers(message.get("headers", ()))}
    await send(message)
