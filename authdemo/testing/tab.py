"""A tab's socket without its page: it speaks Engine.IO 4, as Reflex does."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from types import TracebackType
from typing import Any, Self

import reflex as rx
import simple_websocket

from authdemo.sessions.reflex.compat import FIELD_MARKER, format_event_handler
from authdemo.sessions.reflex.tabs.state import SessionState

from .browser import Browser, Site
from .thread import TIMEOUT, wait_until

REFUSED = simple_websocket.ConnectionError
_NAMESPACE = "/_event,"


class Tab:
    """An open socket, and all that came through it.

    Attributes:
        token: What it calls itself.
        frames: What it received, as it was sent.
    """

    def __init__(
        self,
        server: Site,
        browser: Browser | None = None,
        *,
        token: str | None = None,
        origin: str | None = "own",
        path: str = "/",
    ) -> None:
        """Open a tab, and wait until it shows whether a user is signed in.

        Args:
            server: Where the app is.
            browser: Whose tab it is; an anonymous one by default.
            token: What it calls itself.
            origin: Whose page it shows; the app's `own`, or None for no page at all.
            path: The page that it shows.

        Raises:
            ConnectionError: If the app refuses the socket.
        """
        self.token = token or str(uuid.uuid4())
        self.frames: list[str] = []
        self._path = path
        self._vars: dict[str, dict[str, Any]] = {}
        place = server.url.replace("http", "ws", 1)
        query = f"token={self.token}&EIO=4&transport=websocket"
        headers = _headers(server.url if origin == "own" else origin, browser)
        self._socket = _Socket(f"{place}/_event/?{query}", headers=headers)
        with ExitStack() as unless_it_opens:
            unless_it_opens.callback(self._close)
            threading.Thread(target=self._listen, daemon=True).start()
            self._socket.send(f"40{_NAMESPACE}")
            self.call(f"{rx.State.get_full_name()}.hydrate")
            wait_until(lambda: self.status not in (None, "loading"), on_timeout=self.received)
            unless_it_opens.pop_all()

    def __enter__(self) -> Self:
        """Use the tab."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the tab."""
        self._close()

    @property
    def port(self) -> int:
        """The port that its connection comes from."""
        port: int = self._socket.sock.getsockname()[1]
        return port

    @property
    def is_open(self) -> bool:
        """Whether the server has not closed it."""
        return bool(self._socket.connected)

    @property
    def view(self) -> dict[str, Any]:
        """The session, as the server pushed it."""
        view: dict[str, Any] = self.var(SessionState, "view") or {}
        return view

    @property
    def status(self) -> str | None:
        """Whether a user is signed in, as the server pushed it."""
        status: str | None = self.view.get("status")
        return status

    @property
    def user(self) -> dict[str, Any]:
        """The user, as the server pushed it; empty if anonymous."""
        return self.view.get("user") or {}

    @property
    def name(self) -> str | None:
        """The user's name, as the server pushed it."""
        name: str | None = self.user.get("name")
        return name

    def var(self, state: str | type[rx.State], name: str) -> Any:
        """Read a var.

        Args:
            state: Its state, or the state's full name.
            name: The var's name.

        Returns:
            Its value, as the server pushed it.
        """
        return self._vars.get(_name_of(state), {}).get(name + FIELD_MARKER)

    def call(self, handler: str | rx.EventHandler, /, **payload: Any) -> None:
        """Call an event handler, as a button does.

        Args:
            handler: The handler, like `Home.log_out`, or its full name.
            **payload: What it takes, by the names of its parameters.
        """
        name = handler if isinstance(handler, str) else format_event_handler(handler)
        place = {"pathname": self._path, "asPath": self._path}
        event = {"name": name, "payload": payload, "router_data": place}
        self.send(f"42{_NAMESPACE}{json.dumps(['event', event])}")

    def send(self, frame: str) -> None:
        """Send a frame as it is."""
        self._socket.send(frame)

    def expect_session(self, status: str, *, timeout: float = TIMEOUT, **user: Any) -> None:
        """Wait until the tab shows a session, or none.

        Args:
            status: `authenticated` or `unauthenticated`.
            timeout: Seconds to wait at most.
            **user: Fields of the user, such as `name`.

        Raises:
            AssertionError: If it doesn't; says what it shows instead.
        """

        def seen() -> str:
            return f"the tab shows {self.view}, not {status} {user or ''}".rstrip()

        wait_until(
            lambda: self.status == status and user.items() <= self.user.items(),
            timeout=timeout,
            on_timeout=seen,
        )

    def expect_vars(
        self, state: str | type[rx.State], *, timeout: float = TIMEOUT, **values: Any
    ) -> None:
        """Wait until vars of a state have some values.

        Args:
            state: The state, or its full name.
            timeout: Seconds to wait at most.
            **values: The values, by the vars' names.

        Raises:
            AssertionError: If they don't; says what they are instead.
        """

        def held() -> dict[str, Any]:
            return {name: self.var(state, name) for name in values}

        wait_until(
            lambda: held() == values,
            timeout=timeout,
            on_timeout=lambda: f"the tab holds {held()}, not {values}",
        )

    def expect_redirect(self, url: str, *, timeout: float = TIMEOUT) -> None:
        """Wait until the server redirects the tab, as it does to sign in.

        Args:
            url: Where to, like `/login?callbackUrl=/`.
            timeout: Seconds to wait at most.

        Raises:
            AssertionError: If it isn't; says where it was sent instead.
        """
        self.expect_vars(SessionState, timeout=timeout, redirect_url=url)

    def received(self) -> str:
        """All that it received, as one text."""
        return "\n".join(self.frames)

    def _close(self) -> None:
        with closing(self._socket.sock), suppress(simple_websocket.ConnectionClosed, OSError):
            self._socket.close()  # unless the server has been faster

    def _listen(self) -> None:
        try:
            while True:
                self._hear(str(self._socket.receive()))
        except simple_websocket.ConnectionClosed:
            return

    def _hear(self, frame: str) -> None:
        self.frames.append(frame)
        if frame == "2":
            self._socket.send("3")
        if frame.startswith(f"42{_NAMESPACE}"):
            kind, update = json.loads(frame.removeprefix(f"42{_NAMESPACE}"))
            if kind != "event":
                return
            for state, values in (update.get("delta") or {}).items():
                self._vars.setdefault(state, {}).update(values)


@contextmanager
def two_tabs(browser: Browser, first: str = "/", second: str = "/") -> Iterator[tuple[Tab, Tab]]:
    """Open two tabs of one browser.

    Args:
        browser: The browser.
        first: The page that the first shows.
        second: The page that the second shows.

    Yields:
        Both, which show the browser's session.
    """
    server = browser.server
    with Tab(server, browser, path=first) as one, Tab(server, browser, path=second) as other:
        yield one, other


class _Socket(simple_websocket.Client):
    """A socket that names the port in its `Host`, and leaves nothing open when it is refused."""

    host: str

    def handshake(self) -> None:
        self.host = f"{self.host}:{self.port}"
        with ExitStack() as unless_it_opens:
            unless_it_opens.callback(self.sock.close)
            super().handshake()
            unless_it_opens.pop_all()


def _headers(origin: str | None, browser: Browser | None) -> dict[str, str]:
    headers = {} if origin is None else {"Origin": origin}
    if browser is not None and browser.cookies:
        headers["Cookie"] = browser.cookie_header()
    return headers


def _name_of(state: str | type[rx.State]) -> str:
    return state if isinstance(state, str) else state.get_full_name()
