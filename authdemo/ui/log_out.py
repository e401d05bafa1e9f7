"""The way out, which every page for members has."""

from __future__ import annotations

from collections.abc import AsyncIterator

import reflex as rx

from authdemo.auth import auth
from authdemo.sessions import AuthError
from authdemo.ui.buttons import action_button, refusal


class LogOutState(rx.State):
    """The button that ends the session.

    Attributes:
        pending: Whether the server is at work.
        error: Why it refused.
    """

    pending: bool = False
    error: str = ""

    @rx.event
    async def log_out(self) -> AsyncIterator[None]:
        """End the session."""
        self.pending, self.error = True, ""
        yield
        try:
            await auth.sign_out(self)
        except AuthError as error:
            self.error = error.message
        self.pending = False


def log_out_button() -> rx.Component:
    """Make the button."""
    return action_button("Log Out", LogOutState.log_out, pending=LogOutState.pending, quiet=True)


def log_out_refusal() -> rx.Component:
    """Say why nobody was logged out."""
    return refusal(LogOutState.error)
