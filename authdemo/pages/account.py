"""`/account`: a new password, which ends the sessions on other devices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from authdemo.accounts import PendingMixin, email_card
from authdemo.accounts.passkey_form import passkeys_card
from authdemo.accounts.second_factor_form import second_factor_card
from authdemo.auth import accounts, auth
from authdemo.sessions import AuthError, use_session
from authdemo.sessions.components import password_field, tab_var, username_field
from authdemo.sessions.locales import explain, t
from authdemo.ui.buttons import refusal, submit_button
from authdemo.ui.delete_account import delete_account_card
from authdemo.ui.feedback import ToastWhen
from authdemo.ui.layout import layout
from authdemo.ui.profile_form import profile_form
from authdemo.ui.session_card import client_session


class AccountState(PendingMixin, rx.State):
    """The form for a new password."""

    has_password: bool = True
    done: bool = False
    ended: int = 0

    @rx.event
    async def look(self) -> None:
        """Reset the form, and read how the user signed in."""
        self._rest()
        self.done = False
        with self._reporting():
            self.has_password = False
            if (await auth.require_session(self)).actor is None:
                provider, _ = await auth.current_account(self)
                self.has_password = provider.type == "credentials"

    @rx.event
    async def change_password(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Change the password, and end the user's other sessions."""
        self._begin()
        self.done = False
        yield
        with self._reporting():
            await self._change(form)
            await self._end_others()

    async def _change(self, form: dict[str, Any]) -> None:
        session = await auth(self)
        owner = session.user.id if session else ""
        session = await auth.confirm(self, {"id": owner, "password": form.get("current")})
        await accounts.change_password(session.user.id, form.get("new"))

    async def _end_others(self) -> None:
        try:
            self.ended = await auth.revoke_others(self)
            self.done = True
        except AuthError:
            self.error = {"code": "OthersLeft"}  # but the password is new


def page() -> rx.Component:
    """Build the page."""
    return layout(
        "account",
        client_session(),
        profile_form(),
        email_card(),
        rx.cond(AccountState.has_password, _password_form()),
        refusal(AccountState.error),
        passkeys_card(class_name="card"),
        second_factor_card(class_name="card"),
        delete_account_card(),
        _denial_toast(),
        ToastWhen.create(
            value=rx.State.is_hydrated & AccountState.done,
            text=t("account.done", ended=AccountState.ended),
        ),
    )


def _denial_toast() -> rx.Component:
    """Say why a button did nothing, as for an administrator who acts as the user."""
    error: Any = use_session().event_error
    value = rx.cond(error["message"], tab_var("event_error_count"), 0)
    toast: rx.Component = ToastWhen.create(value=value, text=explain(error))
    return toast


def _password_form() -> rx.Component:
    return rx.el.form(
        rx.el.div(
            rx.el.h2(t("account.password")),
            rx.el.p(t("account.others"), class_name="caption"),
        ),
        username_field(use_session().user.id),
        password_field(t("account.current"), name="current"),
        password_field(t("account.new"), name="new", auto_complete="new-password"),
        rx.el.div(
            submit_button(t("account.change"), pending=AccountState.pending),
            class_name="actions",
        ),
        on_submit=AccountState.change_password,
        reset_on_submit=True,
        method="post",
        class_name="card form",
    )
