"""`/login`: the form that everyone may see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from authdemo.auth import auth
from authdemo.ui.busy import Busy
from authdemo.ui.buttons import not_ready, refusal
from authdemo.ui.layout import plain_layout

EXPLANATIONS = {
    "CredentialsSignin": "The id or the password is wrong.",
    "AccessDenied": "You can't sign in here.",
    "MissingCSRF": "The form was open too long. Try again.",
    "SessionRequired": "Log in to see that page.",
    "TicketRefused": "That took too long. Log in again.",
    "TooManyAttempts": "Too many failed attempts. Try again in a minute.",
}
OTHERWISE = "Something went wrong. Try again."


class LoginState(Busy, rx.State):
    """The login form."""

    @rx.event
    def explain(self) -> None:
        """Explain the error that brought the visitor here."""
        error = self.router.url.query_parameters.get("error")
        self.pending = False
        self.error = EXPLANATIONS.get(error, OTHERWISE) if error else ""

    @rx.event
    async def log_in(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Log in with what the form holds."""
        self._begin()
        yield
        wanted = self.router.url.query_parameters.get("callbackUrl", "/")
        with self._reporting():
            await auth.sign_in(self, form, callback_url=wanted)
        self.pending = not self.error  # until the browser has gone on


def page() -> rx.Component:
    """Build the page."""
    return plain_layout(
        "Welcome",
        rx.el.form(
            rx.el.label("Id", rx.el.input(name="id", auto_complete="username", required=True)),
            rx.el.label(
                "Password",
                rx.el.input(
                    name="password",
                    type="password",
                    auto_complete="current-password",
                    required=True,
                ),
            ),
            rx.el.button(
                "Log In",
                type="submit",
                disabled=not_ready(LoginState.pending),
                aria_busy=LoginState.pending,
                class_name="button",
            ),
            on_submit=LoginState.log_in,
            method="post",
            class_name="card form",
        ),
        refusal(LoginState.error),
        rx.el.p(
            "Try john_doe or jane_admin, with the password tutorial.",
            class_name="caption",
        ),
    )
