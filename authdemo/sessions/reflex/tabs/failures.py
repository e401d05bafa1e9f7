"""What an event handler raises, told to the tab that sent the event."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.app import default_backend_exception_handler
from reflex.state import BaseState
from reflex_base.event.context import EventContext

from ...core.errors import AuthError, HandlerFailed
from ...http.sockets.callers import current_caller
from .live import Live
from .state import SessionState


class Failures:
    """Hears of what event handlers raise, in Reflex's own handler's place.

    An `AuthError` is a refusal, and no fault of the app's: it is noted in the audit trail, and
    the tab shows it as `use_session().error`. Whatever else is raised goes to the app's own
    handler, or else to Reflex's, which logs it. That one's toast needs `eval`, which the
    Content-Security-Policy forbids, so the tab is told in our way.
    """

    def __init__(self, app: rx.App, live: Live, *, allow_eval: bool) -> None:
        """Hear of an app's failures.

        Args:
            app: The app.
            live: Knows the tabs.
            allow_eval: Whether the pages' scripts may use `eval`.
        """
        self._live = live
        self._otherwise: Any = app.backend_exception_handler
        is_reflexs = self._otherwise is default_backend_exception_handler
        self._is_silent = is_reflexs and not allow_eval

    def hear(self, exception: Exception) -> Any:
        """Hear of one.

        Args:
            exception: What was raised.

        Returns:
            What the tab is to do about it, as the app's handler says.
        """
        if isinstance(exception, AuthError):
            return self._show(exception)
        events = self._otherwise(exception)
        return self._show(HandlerFailed()) if self._is_silent else events

    def _show(self, error: AuthError) -> None:
        """Show the tab whose event is running what became of it, as soon as it can be told."""
        caller = current_caller()
        if not isinstance(error, HandlerFailed):
            connection = caller.connection if caller else None
            self._live.note_refusal(connection, caller.event if caller else "", error)
        if caller is None or caller.is_valid:
            self._live.start(self._tell(EventContext.get().token, error))

    async def _tell(self, tab: str, error: AuthError) -> None:
        async def tell(state: BaseState) -> None:
            (await state.get_state(SessionState)).refuse(error)

        await self._live.with_tab(tab, tell)
