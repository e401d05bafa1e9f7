"""The session in the state of a tab."""

from __future__ import annotations

from typing import Any, cast

import reflex as rx
from pydantic_core import to_json
from reflex.state import BaseState

from ...core.errors import AuthError
from ...core.session import Session
from ...http.sockets.connections import Connection
from ..compat import cached_vars_of, load_substates, mark_dirty, root_state, unlink_shared


async def reset_tab(state: BaseState, *, owner: str | None, sid: str) -> None:
    """Reset all states of a tab that changes its owner, unless it had none.

    What it shared with other tabs stays theirs.
    """
    if owner in ("", sid):
        return
    root = root_state(state)
    await unlink_shared(root)
    await load_substates(root)
    substates = root.substates.values()
    if owner is None and not any(map(_holds_something, substates)):
        return
    for substate in substates:
        substate.reset()
        _forget_computed(substate)


def _forget_computed(state: BaseState) -> None:
    """Forget what was computed for the earlier owner: Reflex's `reset` keeps it."""
    cached = cached_vars_of(state.__class__)
    for computed in cached.values():
        computed.mark_dirty(state)
    mark_dirty(state, cached)
    for substate in state.substates.values():
        _forget_computed(substate)


async def find_owner(app: rx.App, tab: str) -> tuple[str, str] | None:
    """Find a tab's owner as it was last stored, without waiting for events that run there."""
    root = await app.state_manager.get_state(rx.BaseStateToken(ident=tab, cls=SessionState))
    state = root.get_substate(SessionState.get_full_name().split("."))
    return cast("SessionState", state).owner()


async def holds_something(app: rx.App, name: str) -> bool:
    """Tell whether a tab, or a shared state, is more than what a new tab begins with."""
    root = await app.state_manager.get_state(rx.BaseStateToken(ident=name, cls=rx.State))
    return any(map(_holds_something, root.substates.values()))


def _holds_something(state: BaseState) -> bool:
    """Tell whether a state is more than what a new tab begins with."""
    if isinstance(state, SessionState):
        return False
    return bool(vars(state)) or any(map(_holds_something, state.substates.values()))


LOADING: dict[str, Any] = {
    "status": "loading",
    "user": None,
    "expires": None,
    "rev": 0,
    "amr": [],
    "level": 0,
}
MAX_DEFERRAL_SECONDS = 300
"""Seconds for which a rejected event waits until its sender signs in."""
MAX_DEFERRED_BYTES = 16_384
"""How large the arguments may be, as JSON, of an event that waits."""
SIGNED_OUT: dict[str, Any] = {**LOADING, "status": "unauthenticated"}


class SessionState(rx.State):
    """What one tab shows of its session, and what the server asks it to do.

    Only this package writes here, and nothing here is a credential: who a tab
    belongs to is settled by its connection, on every event.
    """

    view: dict[str, Any] = LOADING
    ticket: str = ""
    redirect_url: str = ""
    cookie_version: int = 0
    reloads: int = 0
    tab: str = ""
    event_error: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)
    event_error_count: int = 0
    unchanged: int = 0
    step_up: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)
    resumes: int = 0
    _sid: str = ""
    _browser: str = ""
    _connection: str = ""
    _deferred: dict[str, Any] | None = None

    def on_connect(self, connection: Connection) -> None:
        """Drop what the server asked of an earlier page if this one has just loaded.

        The tab keeps its name for as long as it lives.
        """
        if self._connection != connection.id:
            self._connection = connection.id
            self.tab = self.tab or connection.device.tab
            connection.device = connection.device.model_copy(update={"tab": self.tab})
            self.clear_error()
            self.ticket = self.redirect_url = ""
            self.cookie_version = self.reloads = self.resumes = self.unchanged = 0
            self.dismiss_proof()

    def defer_event(self, event: str, payload: dict[str, Any], *, user_id: str, at: float) -> None:
        """Keep a rejected event that may run soon, unless it is large."""
        if len(to_json(payload, fallback=str)) > MAX_DEFERRED_BYTES:
            return
        self._deferred = {"name": event, "payload": payload, "user_id": user_id, "at": at}

    def deferred_event(self, *, user_id: str, at: float) -> dict[str, Any] | None:
        waiting = self._deferred
        if waiting is None or waiting["user_id"] not in ("", user_id):
            return None
        return waiting if at - waiting["at"] <= MAX_DEFERRAL_SECONDS else None

    def discard_deferred(self) -> None:
        self._deferred = None

    def ask_for_proof(self, *, level: int, at: float | None) -> None:
        """Open the dialog that asks for a proof: of a level, and not before `at`."""
        self.step_up = {"level": level, "at": at}

    def dismiss_proof(self) -> None:
        """Close the dialog, and drop the event that waits."""
        if self.step_up:
            self.step_up = {}
            self.discard_deferred()

    def accept_proof(self, session: Session | None) -> None:
        """Close the dialog once the session has the proof, and have the browser resume."""
        wanted = self.get_value("step_up")
        if session is None or not wanted or session.level < wanted["level"]:
            return
        if wanted["at"] is None or session.authenticated_at.timestamp() >= wanted["at"]:
            self.step_up = {}
            self.resumes += 1

    def owner(self) -> tuple[str, str] | None:
        """Find the session, if any, and the browser that the tab belongs to."""
        if self.get_value("view")["status"] == "loading":
            return None
        return self._sid, self._browser

    def show(
        self, session: dict[str, Any] | None, *, sid: str, browser: str, is_changed: bool
    ) -> None:
        """Belong to a session, and show it. If the tab had another, `reset_tab` comes first.

        Computed vars that read the session depend on the view, and so follow what isn't in it.
        """
        if (self._sid, self._browser) != (sid, browser):
            self._sid, self._browser = sid, browser
        view = self.get_value("view")
        new = SIGNED_OUT if session is None else {"status": "authenticated", **session}
        is_newer = new["status"] == view["status"] and new["rev"] < view["rev"]
        if (is_changed or view != new) and not is_newer:
            self.view = new

    def set_error(self, error: AuthError) -> None:
        """Show why an event was rejected, or failed."""
        self.event_error = error.to_dict()
        self.event_error_count += 1

    def clear_error(self) -> None:
        """Drop why an earlier event was rejected, or failed."""
        if self.event_error:
            self.event_error = {}

    def redirect(self, url: str) -> None:
        """Send the tab to a page, once."""
        if self.redirect_url != url:
            self.redirect_url = url
