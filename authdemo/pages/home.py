"""`/`: the session as the server loaded it, with a client's and a server's update."""

from __future__ import annotations

from collections.abc import AsyncIterator

import reflex as rx

from authdemo.accounts import PendingMixin
from authdemo.auth import auth
from authdemo.sessions.locales import t
from authdemo.ui.buttons import action_button, refusal, update_button, update_refusal
from authdemo.ui.layout import layout
from authdemo.ui.session_card import server_session


class HomeState(PendingMixin, rx.State):
    """The buttons of the home page."""

    @rx.event
    async def server_update(self) -> AsyncIterator[None]:
        """Update the session from the server."""
        self._begin()
        yield
        with self._reporting():
            await auth.update(self, name="Serverserver-man")


def page() -> rx.Component:
    """Build the page."""
    return layout(
        "home",
        server_session(),
        rx.el.div(
            update_button("Server-Man"),
            action_button(t("update.server"), HomeState.server_update, pending=HomeState.pending),
            class_name="actions",
        ),
        update_refusal(),
        refusal(HomeState.error),
    )
