"""The open sockets and their sessions.

A socket's session is found at its handshake, from the HttpOnly cookie, and kept here, on the
server. A tab can't claim another one later.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from ...core.audit import AuditTrail, code_of
from ...core.errors import AuthError
from ...core.rate_limit import TokenBucket
from ...core.record import Device
from ...core.session import Session
from ...core.utils import new_id


@dataclass(eq=False, slots=True)
class Connection:
    """One open socket."""

    sid: str | None
    browser: str
    device: Device
    base_url: str
    bucket: TokenBucket
    next_browser: str = ""
    origin: str = ""
    """The page's origin, if another server serves the pages."""
    language: str = "en"
    id: str = field(default_factory=new_id)
    user_id: str = ""
    actor: str = ""
    tab: str | None = None
    path: str = "/"
    address: str = "/"
    callback_url: str = "/"
    explains_error: bool = False
    end_code: str = ""
    """What the sign-in page says of a session that the user did not end here."""
    post_logout_url: str = ""
    displayed_sid: str | None = None
    session: Session | None = None
    verified: float = 0.0
    is_open: bool = True
    _audited: set[tuple[str, ...]] = field(default_factory=set, init=False)

    async def throttle(self) -> None:
        """Wait until the tab may send its next event."""
        if wait := self.bucket.take():
            await asyncio.sleep(wait)
            self.bucket.take()

    def audit_rejection(
        self, trail: AuditTrail, why: AuthError | str, *, path: str, event: str = ""
    ) -> None:
        """Record a rejection, the first of its kind only: a client can't fill the audit trail."""
        kind = (code_of(why), event)
        if kind not in self._audited:
            self._audited.add(kind)
            sid = self.sid or ""
            user, actor = (self.user_id, self.actor) if sid else ("", "")
            trail.add_rejection(why, path=path, device=self.device, user=user, actor=actor, sid=sid)

    def path_of(self, url: str) -> str:
        """Remove the app's origin from a URL; in development pages have another."""
        rest = url.removeprefix(self.base_url)
        if rest == url or rest[:1] not in ("", "/", "?", "#"):
            return url
        return "/" + rest.lstrip("/")


def _index() -> defaultdict[str, set[Connection]]:
    return defaultdict(set)


@dataclass(eq=False)
class Connections:
    """All open sockets of this process."""

    tabs_changed: Callable[[str], None] = field(default_factory=lambda: lambda _: None, init=False)
    closed: Callable[[Connection], None] = field(default_factory=lambda: lambda _: None, init=False)
    _by_sid: defaultdict[str, set[Connection]] = field(default_factory=_index, init=False)
    _by_user: defaultdict[str, set[Connection]] = field(default_factory=_index, init=False)
    _by_browser: defaultdict[str, set[Connection]] = field(default_factory=_index, init=False)
    _by_tab: dict[str, Connection] = field(default_factory=dict, init=False)

    def open(self, connection: Connection) -> None:
        if connection.sid:
            self._by_sid[connection.sid].add(connection)
            self._by_user[connection.user_id].add(connection)
        elif connection.browser:
            self._by_browser[connection.browser].add(connection)

    def close(self, connection: Connection) -> None:
        connection.is_open = False
        _discard(self._by_sid, connection.sid, connection)
        _discard(self._by_user, connection.user_id, connection)
        _discard(self._by_browser, connection.browser, connection)
        if connection.tab and self._by_tab.get(connection.tab) is connection:
            del self._by_tab[connection.tab]
        self._notify(connection)
        self.closed(connection)

    def link(self, connection: Connection, tab: str) -> None:
        """Link a socket to its tab, as Reflex does; the last socket of a tab counts."""
        connection.tab = tab
        self._by_tab[tab] = connection
        self._notify(connection)

    def find_by_tab(self, tab: str) -> Connection | None:
        return self._by_tab.get(tab)

    def find_own_tab(self, tab: str, *, sid: str, browser: str) -> Connection | None:
        """Find the open socket of a tab that belongs to a session, or to a browser without one."""
        own = self.list_by_session(sid) if sid else self.list_by_browser(browser)
        return next((connection for connection in own if connection.tab == tab), None)

    def list_by_session(self, sid: str) -> list[Connection]:
        return list(self._by_sid.get(sid, ()))

    def list_by_browser(self, browser: str) -> list[Connection]:
        """List a browser's sockets without a session."""
        return list(self._by_browser.get(browser, ()))

    def list_signed_in(self) -> list[Connection]:
        return [connection for group in self._by_sid.values() for connection in group]

    def users(self) -> list[str]:
        """List the users with an open tab."""
        return list(self._by_user)

    def tabs_of(self, user_id: str) -> dict[str, list[str]]:
        """List the names of a user's open tabs, by session id."""
        tabs: defaultdict[str, list[str]] = defaultdict(list)
        for connection in self._by_user.get(user_id, ()):
            if connection.tab and connection.sid:
                tabs[connection.sid].append(connection.device.tab)
        return dict(tabs)

    def unbind(self, sid: str, end_code: str) -> list[Connection]:
        """Take a session from all its sockets, now."""
        connections = list(self._by_sid.pop(sid, ()))
        for connection in connections:
            connection.sid = connection.session = None
            connection.end_code = end_code
            connection.browser = connection.next_browser
            if connection.browser:
                self._by_browser[connection.browser].add(connection)
        return connections

    def _notify(self, connection: Connection) -> None:
        if connection.sid and connection.tab:
            self.tabs_changed(connection.user_id)


def _discard(
    index: defaultdict[str, set[Connection]], key: str | None, connection: Connection
) -> None:
    if key is not None and key in index:
        index[key].discard(connection)
        if not index[key]:
            del index[key]
