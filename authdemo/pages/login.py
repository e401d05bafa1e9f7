"""`/login`: the form that everyone may see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from authdemo.accounts import PendingMixin
from authdemo.accounts.passkey_form import passkey_button
from authdemo.auth import auth, is_seeded
from authdemo.sessions import use_session
from authdemo.sessions.components import (
    api_form,
    home_link,
    no_autocorrect_attrs,
    request_error,
    sign_in_error,
    sign_in_with,
)
from authdemo.sessions.locales import live_text, t
from authdemo.ui.auth_links import auth_link
from authdemo.ui.buttons import refusal, submit_button
from authdemo.ui.layout import plain_layout


class LoginState(PendingMixin, rx.State):
    """The login form."""

    is_seeded: bool = is_seeded
    remember: bool = True
    elsewhere: rx.Field[list[dict[str, str]]] = rx.field(default_factory=list)

    @rx.event
    def explain(self) -> None:
        """Explain the error that brought the visitor here."""
        self._rest()
        self.error = sign_in_error(self.router.url.query_parameters)
        ways = (way for way in auth.providers.values() if way.type in ("oauth", "oidc"))
        self.elsewhere = [{"id": way.id, "name": way.name} for way in ways]

    @rx.event
    def choose(self, remember: bool) -> None:  # noqa: FBT001 - a checkbox calls it
        """Choose whether the cookie outlives the browser."""
        self.remember = remember

    @rx.event
    async def log_in(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Log in with what the form holds; a second click counts for nothing."""
        if self.pending:
            return
        self._begin()
        yield
        wanted = self.router.url.query_parameters.get("callbackUrl", "/")
        with self._reporting():
            remember = form.pop("remember", "on" if self.remember else "off") == "on"
            await auth.sign_in(self, form, callback_url=wanted, remember=remember)
        self.pending = not self.error  # until the browser has gone on


def page() -> rx.Component:
    """Build the page."""
    return plain_layout(
        "login",
        api_form(
            "callback/credentials",
            rx.el.label(
                t("login.id"),
                rx.el.input(
                    name="id",
                    auto_complete="username webauthn",
                    required=True,
                    custom_attrs=no_autocorrect_attrs(),
                ),
            ),
            rx.el.label(
                t("login.password"),
                rx.el.input(
                    name="password",
                    type="password",
                    auto_complete="current-password",
                    required=True,
                ),
            ),
            rx.el.input(type="hidden", name="remember", value="off"),  # unless the box is ticked
            rx.el.label(
                rx.el.input(
                    type="checkbox",
                    name="remember",
                    default_checked=True,
                    on_change=LoginState.choose,
                ),
                t("login.remember"),
                class_name="choice",
            ),
            submit_button(t("login.log_in"), pending=LoginState.pending),
            on_submit=LoginState.log_in,
            class_name="card form",
        ),
        rx.cond(
            rx.State.is_hydrated,
            refusal(LoginState.error),
            request_error(class_name="refusal"),
        ),
        rx.el.div(
            passkey_button(remember=LoginState.remember, class_name="button quiet"),
            class_name="ways",
        ),
        auth_link("/sign-in-link", "", t("login.sign_in_link")),
        auth_link("/forgot", "", t("login.forgot")),
        home_link(),
        auth_link("/register", t("login.no_account"), t("login.register")),
        rx.cond(LoginState.is_seeded, rx.el.p(t("login.hint"), class_name="caption")),
        rx.cond(
            LoginState.elsewhere,
            rx.el.div(rx.foreach(LoginState.elsewhere, _way), class_name="ways"),
        ),
        refusal(use_session().error),
    )


def _way(provider: Any) -> rx.Component:
    return rx.el.button(
        live_text(t("signin.with", name=provider["name"])),
        on_click=sign_in_with(provider["id"], remember=LoginState.remember),
        type="button",
        class_name="button quiet",
    )
