"""The open sockets, and whose they are.

A socket's identity is settled at its handshake, from the HttpOnly cookie, and
kept here, on the server. What a tab says about itself later counts for nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from ...core.audit import AuditTrail
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
    id: str = field(default_factory=new_id)
    user_id: str = ""
    tab: str | None = None
    path: str = "/"
    address: str = "/"
    event: str = ""
    callback_url: str = "/"
    explains_error: bool = False
    session_ended: bool = False
    post_logout_url: str = ""
    displayed_sid: str | None = None
    session: Session | None = None
    verified: float = 0.0
    is_open: bool = True
    _noted: set[tuple[str, ...]] = field(default_factory=set, init=False)

    def is_first(self, *kind: str) -> bool:
        """Tell whether a refusal is the first of its kind that this socket gets.

        Only the first is noted: whoever sends more shall not fill the audit trail.
        """
        is_new = kind not in self._noted
        self._noted.add(kind)
        return is_new

    def note_refusal(self, trail: AuditTrail, why: AuthError | str, *, path: str) -> None:
        """Note what this socket is refused, and whose it is."""
        sid = self.sid or ""
        user = self.user_id if sid else ""
        trail.add_rejection(why, path=path, device=self.device, user=user, sid=sid)

    def path_of(self, url: str) -> str:
        """Spell an address of the app without its origin; in development pages have another."""
        rest = url.removeprefix(self.base_url)
        if rest == url or rest[:1] not in ("", "/", "?", "#"):
            return url
        return "/" + rest.lstrip("/")


@dataclass(eq=False)
class Connections:
    """All open sockets of this process."""

    tabs_changed: Callable[[str], None] = field(default_factory=lambda: lambda _: None, init=False)
    closed: Callable[[Connection], None] = field(default_factory=lambda: lambda _: None, init=False)
    _by_sid: defaultdict[str, set[Connection]] = field(
        default_factory=lambda: defaultdict(set), init=False
    )
    _by_user: defaultdict[str, set[Connection]] = field(
        default_factory=lambda: defaultdict(set), init=False
    )
    _by_browser: defaultdict[str, set[Connection]] = field(
        default_factory=lambda: defaultdict(set), init=False
    )
    _by_tab: dict[str, Connection] = field(default_factory=dict, init=False)

    def open(self, connection: Connection) -> None:
        """Take a new socket in."""
        if connection.sid:
            self._by_sid[connection.sid].add(connection)
            self._by_user[connection.user_id].add(connection)
        elif connection.browser:
            self._by_browser[connection.browser].add(connection)

    def close(self, connection: Connection) -> None:
        """Forget a socket."""
        connection.is_open = False
        _discard(self._by_sid, connection.sid, connection)
        _discard(self._by_user, connection.user_id, connection)
        _discard(self._by_browser, connection.browser, connection)
        if connection.tab and self._by_tab.get(connection.tab) is connection:
            del self._by_tab[connection.tab]
        self._tell(connection)
        self.closed(connection)

    def link(self, connection: Connection, tab: str) -> None:
        """Link a socket to its tab, as Reflex does; the last socket of a tab counts."""
        connection.tab = tab
        self._by_tab[tab] = connection
        self._tell(connection)

    def showing(self, tab: str) -> Connection | None:
        """Find the open socket that shows a tab."""
        return self._by_tab.get(tab)

    def of_session(self, sid: str) -> list[Connection]:
        """List a session's sockets."""
        return list(self._by_sid.get(sid, ()))

    def of_browser(self, browser: str) -> list[Connection]:
        """List a browser's sockets that belong to no session."""
        return list(self._by_browser.get(browser, ()))

    def of_tab(self, tab: str, *, sid: str, browser: str) -> Connection | None:
        """Find the socket of a tab, if it is the tab of somebody's."""
        own = self.of_session(sid) if sid else self.of_browser(browser)
        return next((connection for connection in own if connection.tab == tab), None)

    def users(self) -> list[str]:
        """List the users who have a tab open."""
        return list(self._by_user)

    def tabs_of(self, user_id: str) -> dict[str, list[str]]:
        """List the names of a user's open tabs, by session id."""
        tabs: defaultdict[str, list[str]] = defaultdict(list)
        for connection in self._by_user.get(user_id, ()):
            if connection.tab and connection.sid:
                tabs[connection.sid].append(connection.device.tab)
        return dict(tabs)

    def of_members(self) -> list[Connection]:
        """List the sockets that belong to any session."""
        return [connection for mine in self._by_sid.values() for connection in mine]

    def unbind(self, sid: str, *, is_asked: bool) -> list[Connection]:
        """Take a session's rights away from all its sockets, now."""
        connections = list(self._by_sid.pop(sid, ()))
        for connection in connections:
            connection.sid = connection.session = None
            connection.session_ended = not is_asked
            connection.browser = connection.next_browser
            if connection.browser:
                self._by_browser[connection.browser].add(connection)
        return connections

    def _tell(self, connection: Connection) -> None:
        if connection.sid and connection.tab:
            self.tabs_changed(connection.user_id)


def _discard(
    index: defaultdict[str, set[Connection]], key: str | None, connection: Connection
) -> None:
    if key is not None and key in index:
        index[key].discard(connection)
        if not index[key]:
            del index[key]
