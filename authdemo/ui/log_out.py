"""The way out, which every page for members has."""

from __future__ import annotations

from collections.abc import AsyncIterator

import reflex as rx

from authdemo.accounts import PendingMixin
from authdemo.auth import auth
from authdemo.sessions.components import api_form
from authdemo.sessions.locales import t
from authdemo.ui.buttons import refusal, submit_button


class LogOutState(PendingMixin, rx.State):
    """The button that ends the session."""

    @rx.event
    async def log_out(self) -> AsyncIterator[None]:
        """End the session."""
        self._begin()
        yield
        with self._reporting():
            await auth.sign_out(self)


def log_out_button() -> rx.Component:
    """Make the button; it works without JavaScript, too."""
    return api_form(
        "signout",
        submit_button(t("nav.log_out"), pending=LogOutState.pending, quiet=True),
        on_submit=LogOutState.log_out,
    )


def log_out_refusal() -> rx.Component:
    """Say why nobody was logged out."""
    return refusal(LogOutState.error)
