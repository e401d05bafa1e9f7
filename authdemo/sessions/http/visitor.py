"""Who sends a request: the session behind its cookies."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from ..core.auth import AuthCore
from ..core.ids import is_tab_name
from ..core.record import Device, SessionRecord
from ..core.sessions import Verified
from . import cookies
from .cookies import CookieNames
from .csrf import Csrf
from .origin import Origins

TAB_HEADER = "x-auth-tab"
"""The header by which a page says which tab it is in."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One request's sender.

    Attributes:
        base_url: The app's origin.
        names: The names of the cookies there.
        verified: The sender's token and session, or None.
        csrf_cookies: What the CSRF cookie holds.
        has_session_cookie: Whether a session cookie came along, good or bad.
        device: What the request was sent with.
    """

    base_url: str
    names: CookieNames
    verified: Verified | None
    csrf_cookies: list[str]
    has_session_cookie: bool
    device: Device

    @property
    def record(self) -> SessionRecord | None:
        """The session, or None."""
        return self.verified.record if self.verified else None

    @property
    def sid(self) -> str:
        """The session's id, or an empty text."""
        return self.verified.record.id if self.verified else ""


def device_of(scope: Scope) -> Device:
    """Tell what a request or handshake was sent with.

    Args:
        scope: The request or handshake.

    Returns:
        The client's name for itself, its address, and its tab's name if it says one.
    """
    client = scope.get("client")
    headers = Headers(scope=scope)
    tab = headers.get(TAB_HEADER, "")
    return Device(
        user_agent=headers.get("user-agent", "")[:256],
        ip=client[0] if client else "",
        tab=tab if is_tab_name(tab) else "",
    )


class Desk:
    """Receives visitors: knows them by their cookies, and hands cookies out."""

    def __init__(self, auth: AuthCore, origins: Origins) -> None:
        """Open the desk.

        Args:
            auth: The app's sessions.
            origins: Knows the app's origin.
        """
        self._auth = auth
        self.origins = origins
        self.csrf = Csrf(auth.settings.keys)

    async def receive(self, scope: Scope) -> Visitor:
        """Find out who sends a request.

        Of several session cookies the first good one counts, so that a planted
        one signs nobody in or out.

        Args:
            scope: The request or handshake.

        Returns:
            The visitor.

        Raises:
            RequestRefused: If the request has no valid `Host`.
            StoreUnavailable: If the store can't say.
        """
        base_url = self.origins.base_url(scope)
        names = CookieNames.of(base_url)
        tokens = cookies.values(scope, names.session)
        verified = None
        for token in tokens:
            verified = await self._auth.sessions.verify(token)
            if verified:
                break
        csrf = cookies.values(scope, names.csrf)
        return Visitor(base_url, names, verified, csrf, bool(tokens), device_of(scope))

    def browser(self, visitor: Visitor) -> str:
        """Name the visitor's browser by its CSRF cookie; empty if it has none."""
        return self.csrf.find(visitor.csrf_cookies, visitor.sid) or ""

    def put_session(self, response: Response, visitor: Visitor, record: SessionRecord) -> str:
        """Hand out a fresh token.

        Args:
            response: The answer that carries the cookie.
            visitor: Who gets it.
            record: The session that it shows.

        Returns:
            The token.
        """
        token = self._auth.sessions.faces.mint(record)
        life = self._auth.sessions.faces.seconds_left(record)
        cookies.put(
            response,
            visitor.names.session,
            token,
            secure=visitor.names.secure,
            max_age=life,
        )
        return token

    def clear_session(self, response: Response, visitor: Visitor) -> None:
        """Take the session cookie back."""
        cookies.clear(response, visitor.names.session, secure=visitor.names.secure)

    def put_csrf(self, response: Response, visitor: Visitor, sid: str) -> str:
        """Hand out a fresh CSRF token.

        Args:
            response: The answer that carries the cookie.
            visitor: Who gets it.
            sid: The session that it is for; empty for none.

        Returns:
            The token.
        """
        token, cookie = self.csrf.issue(sid, after=visitor.csrf_cookies)
        cookies.put(response, visitor.names.csrf, cookie, secure=visitor.names.secure)
        return token

    async def refresh(self, response: Response, visitor: Visitor) -> SessionRecord | None:
        """Bring a reader's cookies up to date, but only if they are behind.

        Args:
            response: The answer to the reader.
            visitor: The reader.

        Returns:
            The reader's session as it is now, or None.
        """
        if visitor.verified is None:
            if visitor.has_session_cookie:
                self.clear_session(response, visitor)
            return None
        due = await self._auth.sessions.renew(visitor.verified, device=visitor.device)
        if due is not None:
            self.put_session(response, visitor, due)
        return due or visitor.record
