"""A tab's socket without its page: it speaks Engine.IO 4, as Reflex does."""

from __future__ import annotations

import json
import threading
import uuid
from types import TracebackType
from typing import Any, Self

import simple_websocket

from tests.support.browser import Browser
from tests.support.server import Server, eventually

ROOT_STATE = "reflex___state____state"
SESSION_STATE = f"{ROOT_STATE}.authdemo___sessions___reflex___state____session_state"
OVERVIEW_STATE = f"{ROOT_STATE}.authdemo___sessions___reflex___overview____overview_state"
HOME_STATE = f"{ROOT_STATE}.authdemo___pages___home____home_state"
LOG_OUT_STATE = f"{ROOT_STATE}.authdemo___ui___log_out____log_out_state"
LOGIN_STATE = f"{ROOT_STATE}.authdemo___pages___login____login_state"
ACCOUNT_STATE = f"{ROOT_STATE}.authdemo___pages___account____account_state"
ADMIN_STATE = f"{ROOT_STATE}.authdemo___pages___admin____admin_state"
WORKSHOP_STATE = f"{ROOT_STATE}.authdemo___sessions___workshop___state____workshop_state"
REFUSED = simple_websocket.ConnectionError


class _Socket(simple_websocket.Client):
    host: str

    def handshake(self) -> None:
        self.host = f"{self.host}:{self.port}"
        try:
            super().handshake()
        except (REFUSED, OSError):
            self.sock.close()
            raise


class Tab:
    """An open socket, and all that came through it.

    Attributes:
        token: What it calls itself.
        frames: What it received, as it was sent.
    """

    def __init__(
        self,
        server: Server,
        browser: Browser | None = None,
        *,
        token: str | None = None,
        origin: str | None = "own",
        path: str = "/",
    ) -> None:
        self.token = token or str(uuid.uuid4())
        self.frames: list[str] = []
        self._path = path
        self._vars: dict[str, dict[str, Any]] = {}
        headers = (
            {"Origin": server.url if origin == "own" else origin} if origin is not None else {}
        )
        if browser is not None and browser.cookies:
            headers["Cookie"] = browser.cookie_header()
        place = server.url.replace("http", "ws", 1)
        query = f"token={self.token}&EIO=4&transport=websocket"
        url = f"{place}/_event/?{query}"
        self._socket = _Socket(url, headers=headers)
        threading.Thread(target=self._listen, daemon=True).start()
        self._socket.send("40/_event,")
        self.call(f"{ROOT_STATE}.hydrate")
        eventually(lambda: self.status not in (None, "loading"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._socket.close()
        except simple_websocket.ConnectionClosed:
            self._socket.sock.close()

    @property
    def port(self) -> int:
        """The port that its connection comes from."""
        port: int = self._socket.sock.getsockname()[1]
        return port

    @property
    def status(self) -> str | None:
        """Whether somebody is signed in, as the tab was told."""
        status: str | None = self.view.get("status")
        return status

    @property
    def view(self) -> dict[str, Any]:
        """The session, as the tab was told."""
        view: dict[str, Any] = self.var(SESSION_STATE, "view") or {}
        return view

    @property
    def name(self) -> str | None:
        """The user's name, as the tab was told."""
        name: str | None = (self.view.get("user") or {}).get("name")
        return name

    def var(self, state: str, name: str) -> Any:
        """Read a var, as the tab was told."""
        return self._vars.get(state, {}).get(f"{name}_rx_state_")

    def call(self, handler: str, **payload: Any) -> None:
        """Call an event handler by its full name."""
        place = {"pathname": self._path, "asPath": self._path}
        event = {"name": handler, "payload": payload, "router_data": place}
        self.send(f"42/_event,{json.dumps(['event', event])}")

    def send(self, frame: str) -> None:
        """Send a frame as it is."""
        self._socket.send(frame)

    @property
    def is_open(self) -> bool:
        """Whether the server has not closed it."""
        return bool(self._socket.connected)

    def server_update(self) -> None:
        """Press the button that updates the session from the server."""
        self.call(f"{HOME_STATE}.server_update")

    def log_in(self, account: str = "john_doe", password: str = "tutorial") -> str:
        """Send the login form, and wait for the ticket."""
        self.call(f"{LOGIN_STATE}.log_in", form={"id": account, "password": password})
        eventually(lambda: self.var(SESSION_STATE, "ticket") or self.var(LOGIN_STATE, "error"))
        return str(self.var(SESSION_STATE, "ticket") or "")

    def said(self) -> str:
        """All that it received, as one text."""
        return "\n".join(self.frames)

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
        if frame.startswith("42/_event,"):
            kind, update = json.loads(frame.removeprefix("42/_event,"))
            if kind != "event":
                return
            for state, values in (update.get("delta") or {}).items():
                self._vars.setdefault(state, {}).update(values)
