"""Who sends a request: the session behind its cookies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from starlette.types import Scope

from ..core.errors import TokenError
from ..core.lookup import Verified
from ..core.rate_limit import address_text
from ..core.record import Device, SessionRecord
from ..core.utils import is_tab_name
from ..engine import AuthCore
from . import cookies
from .cookies import CookieNames, RawHeaders
from .csrf import Csrf
from .headers import header, is_scripts
from .origin import Origins

TAB_HEADER = b"x-auth-tab"
"""The header by which a page says which tab it is in."""

_MOST_DEVICES = 4096


@dataclass(eq=False, slots=True)
class RequestContext:
    """One request's sender."""

    scope: Scope
    base_url: str
    names: CookieNames
    cookies: Mapping[str, list[str]]
    verified: Verified | None
    has_dead_token: bool

    @property
    def device(self) -> Device:
        """What the request was sent with."""
        return device_of(self.scope)

    @property
    def csrf_cookies(self) -> list[str]:
        """What the CSRF cookie holds."""
        return self.cookies.get(self.names.csrf, [])

    @property
    def has_own_token(self) -> bool:
        """Whether the session cookie is this app's: another on the same host may use its name."""
        return self.verified is not None or self.has_dead_token

    @property
    def record(self) -> SessionRecord | None:
        """The session, or None."""
        return self.verified.record if self.verified else None

    @property
    def sid(self) -> str:
        """The session's id, or an empty text."""
        return self.verified.record.id if self.verified else ""


def device_of(scope: Scope) -> Device:
    """Tell what a request or handshake was sent with."""
    client = scope.get("client")
    tab = header(scope, TAB_HEADER)
    return _device(
        header(scope, b"user-agent")[:256],
        address_text(client[0]) if client else "",
        tab if is_tab_name(tab) else "",
    )


@lru_cache(_MOST_DEVICES)
def _device(user_agent: str, ip: str, tab: str) -> Device:
    return Device(user_agent=user_agent, ip=ip, tab=tab)


class RequestContexts:
    """Knows those who send requests by their cookies, and hands cookies out."""

    def __init__(self, auth: AuthCore, origins: Origins) -> None:
        self._auth = auth
        self.origins = origins
        self.csrf = Csrf(auth.settings.keys)

    async def receive(self, scope: Scope) -> RequestContext:
        """Find out who sends a request.

        Of several session cookies the first good one counts, so that a planted
        one signs nobody in or out.
        """
        base_url = self.origins.base_url(scope)
        names = CookieNames.of(base_url, self._auth.settings.cookie_prefix)
        sent = cookies.by_name(scope)
        verified, has_dead_token = None, False
        for token in sent.get(names.session, ()):
            try:
                verified = await self._auth.sessions.check(token)
                break
            except TokenError as error:
                has_dead_token = has_dead_token or error.is_dead
        return RequestContext(scope, base_url, names, sent, verified, has_dead_token)

    def browser(self, visitor: RequestContext) -> str:
        """Name the visitor's browser by its CSRF cookie; empty if it has none."""
        return self.csrf.find(visitor.csrf_cookies, visitor.sid) or ""

    def browser_after(self, visitor: RequestContext) -> str:
        """Name the browser as `browser` will when it has no session, or has none any more."""
        if not visitor.sid:
            return self.browser(visitor)
        return self.csrf.successor(visitor.csrf_cookies)

    def put_session(
        self, headers: RawHeaders, visitor: RequestContext, record: SessionRecord
    ) -> None:
        """Hand out a fresh token."""
        self.put_token(headers, visitor, record, self._auth.sessions.faces.issue_token(record))

    def put_token(
        self, headers: RawHeaders, visitor: RequestContext, record: SessionRecord, token: str
    ) -> None:
        """Hand out a token that shows a session; see `put_session`."""
        cookies.put(
            headers,
            visitor.names.session,
            token,
            secure=visitor.names.secure,
            max_age=self._auth.sessions.faces.seconds_left(record),
        )

    def clear_session(self, headers: RawHeaders, visitor: RequestContext) -> None:
        """Take the session cookie back."""
        cookies.clear(headers, visitor.names.session, secure=visitor.names.secure)

    def put_csrf(
        self, headers: RawHeaders, visitor: RequestContext, sid: str, *, browser: str = ""
    ) -> str:
        """Hand out a fresh CSRF token."""
        token, cookie = self.csrf.issue(sid, after=visitor.csrf_cookies, browser=browser)
        cookies.put(headers, visitor.names.csrf, cookie, secure=visitor.names.secure)
        return token

    async def refresh(self, headers: RawHeaders, visitor: RequestContext) -> SessionRecord | None:
        """Bring a reader's cookies up to date, but only if they are behind.

        A session cookie is taken back if its token is this app's and dead, unless a page's
        script asks: while it does, somebody may be signing in, and the answer must not take the
        new cookie. Any other cookie stays: cookies don't know ports (RFC 6265, section 8.5), so
        it may be good for another app on the same host.
        """
        verified, renewals = visitor.verified, self._auth.sessions.renewals
        if verified is None:
            self._take_back(headers, visitor)
            return None
        if renewals.is_current(verified):
            return verified.record
        record = await renewals.extend(verified.record, device=visitor.device)
        if record is None:
            self._take_back(headers, visitor)
        elif renewals.token_is_stale(verified, record):
            self.put_session(headers, visitor, record)
        return record

    def _take_back(self, headers: RawHeaders, visitor: RequestContext) -> None:
        """Take a session cookie back that is dead, as `refresh` says."""
        if visitor.has_own_token and not is_scripts(visitor.scope):
            self.clear_session(headers, visitor)
