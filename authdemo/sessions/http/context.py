"""The context of a request: its session, cookies and device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlencode, urljoin

from starlette.types import Scope

from ..core.callbacks import safe_redirect_url
from ..core.errors import AuthError, NotAuthenticated, RequestRejected, TokenError
from ..core.events import BrowserSignedIn
from ..core.rate_limit import address_text
from ..core.record import Device, SessionRecord
from ..core.tokens import Verified
from ..core.utils import is_tab_name
from ..engine import Engine
from . import cookies
from .cookies import CookieNames
from .csrf import Csrf
from .outermost import Origins
from .router import BASE, RawHeaders, Request, header

TAB_HEADER = b"x-auth-tab"
"""The header in which a page names its tab."""

RETURN = "/impersonation/return"
"""Where an administrator returns, below `BASE`."""

_RECORD = "authdemo.sessions.record"
"""The key in a request's scope for its session's record; its context would make a cycle."""

_SCRIPT_MODES = ("cors", "same-origin", "no-cors")
_MAX_DEVICES = 4096


@dataclass(eq=False, slots=True)
class RequestContext:
    """The sender of one request."""

    scope: Scope
    base_url: str
    home: str
    """The origin of the page that sends the request, which another server may serve."""
    names: CookieNames
    cookies: Mapping[str, list[str]]
    verified: Verified | None
    has_dead_token: bool
    bearer: SessionRecord | None = None

    @property
    def device(self) -> Device:
        return device_of(self.scope)

    @property
    def csrf_cookies(self) -> list[str]:
        return self.cookies.get(self.names.csrf, [])

    @property
    def callback_url(self) -> str | None:
        """The callback URL that the browser remembers, if it is one of the app's own."""
        urls = map(unquote, self.cookies.get(self.names.callback_url, []))
        return next((url for url in urls if safe_redirect_url(url, self.home)), None)

    @property
    def actor_key(self) -> str:
        """The key of the way back from an impersonation, or an empty string."""
        return next(iter(self.cookies.get(self.names.actor, ())), "")

    @property
    def has_own_token(self) -> bool:
        """Whether the session cookie is this app's: another app on the host may use its name."""
        return self.verified is not None or self.has_dead_token

    @property
    def record(self) -> SessionRecord | None:
        return self.verified.record if self.verified else self.bearer

    def require_record(self) -> SessionRecord:
        if self.record is None:
            raise NotAuthenticated
        return self.record

    @property
    def sid(self) -> str:
        """The session's id, or an empty string."""
        return self.record.id if self.record else ""


def actor_return_url(base_url: str, wanted: str) -> str:
    """Find where a browser returns to an administrator's own session, and goes on from there."""
    query = urlencode({"callbackUrl": urljoin(base_url, wanted)}, safe="/:")
    return f"{base_url}{BASE}{RETURN}?{query}"


def device_of(scope: Scope) -> Device:
    client = scope.get("client")
    tab = header(scope, TAB_HEADER)
    return _device(
        header(scope, b"user-agent")[:256],
        address_text(client[0]) if client else "",
        tab if is_tab_name(tab) else "",
    )


@lru_cache(_MAX_DEVICES)
def _device(user_agent: str, ip: str, tab: str) -> Device:
    return Device(user_agent=user_agent, ip=ip, tab=tab)


def bearer_token(scope: Scope) -> str | None:
    """Find the token of `Authorization: Bearer` (RFC 6750, section 2.1)."""
    scheme, _, token = header(scope, b"authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _is_from_script(scope: Scope) -> bool:
    """Tell whether a page's script sends the request, not a person or a program."""
    return header(scope, b"sec-fetch-mode") in _SCRIPT_MODES


class RequestContexts:
    """Loads the session of each request, and sets cookies."""

    def __init__(self, engine: Engine, origins: Origins) -> None:
        self._engine = engine
        self.origins = origins
        self.csrf = Csrf(engine.settings.keys)

    async def load(self, scope: Scope, *, trusts_cookies: bool = True) -> RequestContext:
        """Load a request's session.

        Of several session cookies the first valid one counts, so that a planted
        one signs nobody in or out.
        """
        base_url = self.origins.base_url(scope)
        names = cookies.names_of(self._engine, base_url)
        sent = cookies.by_name(scope) if trusts_cookies else {}
        verified, has_dead_token = None, False
        for token in sent.get(names.session, ()):
            try:
                verified = await self._engine.sessions.verify(token)
                break
            except TokenError as error:
                has_dead_token = has_dead_token or error.is_dead
        home = self.origins.home_of(header(scope, b"origin"), base_url)
        if scope["type"] == "http":
            scope[_RECORD] = verified.record if verified else None
        return RequestContext(scope, base_url, home, names, sent, verified, has_dead_token)

    async def load_bearer(self, scope: Scope, token: str) -> RequestContext:
        """Load the session of a program; its cookies don't count."""
        context = await self.load(scope, trusts_cookies=False)
        try:
            context.bearer = await self._engine.bearer_tokens.verify(token)
            if scope["type"] == "http":
                scope[_RECORD] = context.bearer
        except TokenError as error:
            message = "The bearer token is invalid, or its session has ended."
            raise NotAuthenticated(message, reason="invalid_token") from error
        return context

    async def load_post(
        self, request: Request, *, for_redirect: bool = False
    ) -> tuple[RequestContext, dict[str, Any]]:
        """Check the origin and the CSRF token of a POST, and read its body."""
        self.origins.check(request.scope)
        body = await request.read()
        context = await self.load(request.scope)
        try:
            self.csrf.check(context.csrf_cookies, context.sid, body.get("csrfToken"))
        except RequestRejected as error:
            if for_redirect:
                error.url = self._engine.sign_in_url(
                    context.home, error="MissingCSRF", code=error.reason
                )
            raise
        return context, body

    def audit_rejection(self, scope: Scope, error: AuthError) -> None:
        """Record what was denied, and to which session if that is loaded."""
        self._engine.trail.add_rejection(
            error, path=scope["path"], record=scope.get(_RECORD), device=device_of(scope)
        )

    def browser_id(self, context: RequestContext) -> str:
        """Identify the browser by its CSRF cookie; empty if it has none."""
        return self.csrf.find(context.csrf_cookies, context.sid) or ""

    def next_browser_id(self, context: RequestContext) -> str:
        """Predict `browser_id` for when the browser has no session any more."""
        if not context.sid:
            return self.browser_id(context)
        return self.csrf.successor(context.csrf_cookies)

    def set_session_cookie(
        self, headers: RawHeaders, context: RequestContext, record: SessionRecord, token: str = ""
    ) -> None:
        """Set a token of the session, by default a new one."""
        serializers = self._engine.sessions.serializers
        token = token or serializers.issue_token(record)
        age = serializers.seconds_left(record) if record.is_remembered else None
        context.names.put(headers, context.names.session, token, max_age=age)

    def clear_session_cookie(self, headers: RawHeaders, context: RequestContext) -> None:
        context.names.clear(headers, context.names.session)

    def clear_session(self, headers: RawHeaders, context: RequestContext) -> None:
        """Delete the cookie of a session that has ended, with its CSRF token."""
        if context.has_own_token:
            self.clear_session_cookie(headers, context)
        self.set_csrf_cookie(headers, context, "")

    def set_csrf_cookie(
        self, headers: RawHeaders, context: RequestContext, sid: str, *, browser: str = ""
    ) -> str:
        token, cookie = self.csrf.issue(sid, after=context.csrf_cookies, browser=browser)
        context.names.put(headers, context.names.csrf, cookie)
        return token

    def sign_in(self, headers: RawHeaders, context: RequestContext, record: SessionRecord) -> None:
        """Give a browser another session; its tabs follow."""
        browser = self.next_browser_id(context)
        self.set_session_cookie(headers, context, record)
        self.set_csrf_cookie(headers, context, record.id, browser=browser)
        if browser or context.sid:
            self._engine.sessions.feed.publish(BrowserSignedIn(browser, context.sid))

    def set_callback_cookie(self, headers: RawHeaders, context: RequestContext, url: str) -> None:
        """Remember a callback URL, as Auth.js does, for a sign-in that names none.

        A URL that no browser would keep is not remembered, nor is an earlier one.
        """
        names, value = context.names, quote(url, safe="")
        if len(value) <= cookies.MAX_VALUE:
            names.put(headers, names.callback_url, value)
        elif context.callback_url is not None:
            names.clear(headers, names.callback_url)

    async def renew(self, headers: RawHeaders, context: RequestContext) -> SessionRecord | None:
        """Update the cookies of a read, but only if they are behind.

        A session cookie is cleared if its token is this app's and dead, unless a page's script
        sends the request: meanwhile another response may sign the user in, and this one must not
        clear the new cookie. Any other cookie stays: cookies don't know ports (RFC 6265,
        section 8.5), so it may be valid for another app on the same host.
        """
        verified, sessions, record = context.verified, self._engine.sessions, context.record
        if record is not None and sessions.should_renew(record):  # the device costs time to parse
            record = await sessions.renew(record, device=context.device)
        if record is None:
            if context.has_own_token and not _is_from_script(context.scope):
                self.clear_session_cookie(headers, context)
        elif verified is not None and sessions.is_token_stale(verified, record):
            self.set_session_cookie(headers, context, record)
        return record
