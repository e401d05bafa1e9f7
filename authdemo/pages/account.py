"""`/account`: a new password, which ends the sessions on other devices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from authdemo.auth import accounts, auth
from authdemo.ui.busy import Busy
from authdemo.ui.buttons import not_ready, refusal
from authdemo.ui.layout import layout


class AccountState(Busy, rx.State):
    """The form for a new password.

    Attributes:
        done: What the server did.
    """

    done: str = ""

    @rx.event
    async def change_password(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Change the password, and end the user's other sessions."""
        self._begin()
        self.done = ""
        yield
        with self._reporting():
            self.done = await self._change(form)

    async def _change(self, form: dict[str, Any]) -> str:
        session = await auth(self)
        owner = session.user.id if session else ""
        session = await auth.confirm(self, {"id": owner, "password": form.get("current")})
        await accounts.change_password(session.user.id, form.get("new"))
        ended = await auth.revoke_others(self)
        return f"The password is changed. Other sessions that were ended: {ended}."


def page() -> rx.Component:
    """Build the page."""
    return layout(
        "Account",
        rx.el.form(
            _password("Current password", "current", "current-password"),
            _password("New password", "new", "new-password"),
            rx.el.button(
                "Change Password",
                type="submit",
                disabled=not_ready(AccountState.pending),
                aria_busy=AccountState.pending,
                class_name="button",
            ),
            on_submit=AccountState.change_password,
            reset_on_submit=True,
            method="post",
            class_name="card form",
        ),
        refusal(AccountState.error),
        rx.el.p(AccountState.done, role="status", class_name="caption"),
        lead="Who changes the password is signed out everywhere else.",
    )


def _password(label: str, name: str, purpose: str) -> rx.Component:
    field = rx.el.input(name=name, type="password", auto_complete=purpose, required=True)
    return rx.el.label(label, field)
