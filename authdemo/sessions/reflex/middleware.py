"""What happens before every event of every tab."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import reflex as rx
from reflex.middleware.middleware import Middleware
from reflex.state import StateUpdate
from reflex_base.event.context import EventContext

from ..core.callbacks import own_address
from ..core.errors import AuthError
from ..http.pages.page_guard import is_news
from ..http.sockets.callers import current_caller
from .tabs.event_callers import BOOT_EVENTS
from .tabs.event_guard import EventGuard
from .tabs.live import Live
from .tabs.state import SessionState

if TYPE_CHECKING:
    from reflex.event import Event
    from reflex.state import BaseState

logger = logging.getLogger("authdemo.sessions")


class SessionMiddleware(Middleware):
    """Verifies a tab's session before any of its events runs.

    The very first event is covered too, so that the first thing a tab shows is
    the session as it is, and a tab that changed hands starts empty.
    """

    def __init__(self, live: Live, event_guard: EventGuard) -> None:
        """Make the middleware.

        Args:
            live: Knows the tabs and their sessions.
            event_guard: Knows which events are for whom.
        """
        self._live = live
        self._event_guard = event_guard

    async def preprocess(
        self,
        app: rx.App,  # noqa: ARG002
        state: BaseState,
        event: Event,
    ) -> StateUpdate | None:
        """Settle whose tab this is, and let the event run.

        Args:
            app: The app.
            state: The tab's state.
            event: The event.

        Returns:
            None: the event runs, and finds the session as it is. Or an update
            without it, because it is not for its sender: what a tab is told instead.
            To Reflex each method of a state is an event handler, but nobody
            outside may call those of the session's.
        """
        caller = current_caller()
        connection = caller.connection if caller else None
        if event.name.rpartition(".")[0] == SessionState.get_full_name():
            self._live.note_refusal(connection, event.name, "NotForTabs")
            return StateUpdate()
        if connection is not None and EventContext.get().parent_txid is None:
            url = state.router.url
            connection.event = event.name
            connection.path = url.path or "/"
            connection.address = own_address(connection.path, url.query)
            query = url.query_parameters
            connection.wanted = query.get("callbackUrl", "/")
            connection.is_told = is_news(query.get("error", ""), query.get("code", ""))
        try:
            await self._live.settle(state, caller, is_used=event.name not in BOOT_EVENTS)
        except AuthError as error:
            logger.warning("A tab's session could not be verified: %s", error.code)
            if connection is not None:
                connection.session = None
        await self._event_guard.call_back(state, caller)
        admitted = await self._event_guard.admits(state, event, caller)
        if not admitted:
            return await _told(state)
        (await state.get_state(SessionState)).forgive()
        return None


async def _told(state: BaseState) -> StateUpdate:
    """Send what has changed in a tab whose event does not run."""
    root = state._get_root_state()
    update = StateUpdate(delta=await root._get_resolved_delta())
    root._clean()
    return update
