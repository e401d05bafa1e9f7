"""Runs before and after each event: checks the caller, and shows failures."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex.event import Event
from reflex.state import BaseState, StateUpdate

from ..core.callbacks import callback_path
from ..core.errors import AuthError, HandlerFailed
from ..http.pages.guard import should_explain
from ..http.sockets.callers import current_caller
from .compat import BOOT_EVENTS, DEFAULT_HANDLERS, current_token, is_chained, take_delta
from .tabs.event_guard import EventGuard
from .tabs.push import TabSync
from .tabs.state import SessionState


class ExceptionHandler:
    """Handles what event handlers raise, in place of Reflex's own handler.

    An `AuthError` is a refusal, and no fault of the app's: it is noted in the audit trail, and
    the tab shows it as `use_session().error`. Whatever else is raised goes to the app's own
    handler, or else to Reflex's, which logs it. That one's toast needs `eval`, which the
    Content-Security-Policy forbids, so the tab shows it in our way.
    """

    def __init__(self, app: rx.App, tab_sync: TabSync, *, allow_eval: bool) -> None:
        self._tab_sync = tab_sync
        self._otherwise: Any = app.backend_exception_handler
        self._is_silent = self._otherwise in DEFAULT_HANDLERS and not allow_eval

    def handle(self, exception: Exception) -> Any:
        """Handle one."""
        if isinstance(exception, AuthError):
            return self._show(exception)
        events = self._otherwise(exception)
        return self._show(HandlerFailed()) if self._is_silent else events

    def _show(self, error: AuthError) -> None:
        """Show the tab whose event is running what became of it, as soon as it can be told."""
        caller = current_caller()
        if not isinstance(error, HandlerFailed):
            connection = caller.connection if caller else None
            self._tab_sync.note_refusal(connection, caller.event if caller else "", error)
        if caller is None or caller.is_valid:
            self._tab_sync.spawn(self._tell(current_token(), error))

    async def _tell(self, tab: str | None, error: AuthError) -> None:
        async def tell(state: BaseState) -> None:
            (await state.get_state(SessionState)).set_error(error)

        await self._tab_sync.modify_tab(tab, tell)


logger = logging.getLogger("authdemo.sessions")


@dataclass(frozen=True, eq=False)
class SessionMiddleware(rx.Middleware):
    """Verifies a tab's session before any of its events runs.

    The very first event is covered too, so that the first thing a tab shows is
    the session as it is, and a tab that changed hands starts empty.
    """

    tab_sync: TabSync
    event_guard: EventGuard

    async def preprocess(
        self,
        app: rx.App,  # noqa: ARG002
        state: BaseState,
        event: Event,
    ) -> StateUpdate | None:
        """Settle whose tab this is, and let the event run."""
        caller = current_caller()
        connection = caller.connection if caller else None
        if event.name.rpartition(".")[0] == SessionState.get_full_name():
            self.tab_sync.note_refusal(connection, event.name, "NotForTabs")
            return StateUpdate()
        if connection is not None and not is_chained():
            url = state.router.url
            connection.event = event.name
            connection.path = url.path or "/"
            connection.address = callback_path(connection.path, url.query)
            query = url.query_parameters
            connection.callback_url = query.get("callbackUrl", "/")
            connection.explains_error = should_explain(
                query.get("error", ""), query.get("code", "")
            )
        try:
            await self.tab_sync.sync(state, caller, is_used=event.name not in BOOT_EVENTS)
        except AuthError as error:
            logger.warning("A tab's session could not be verified: %s", error.code)
            if connection is not None:
                connection.session = None
        await self.event_guard.run_deferred(state, caller)
        is_authorized = await self.event_guard.authorize(state, event, caller)
        if not is_authorized:
            return StateUpdate(delta=await take_delta(state))
        (await state.get_state(SessionState)).clear_error()
        return None
