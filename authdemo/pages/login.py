"""`/login`: the form that everyone may see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from authdemo.accounts import PendingMixin
from authdemo.accounts.passkey_form import passkey_button
from authdemo.auth import auth, is_seeded
from authdemo.seeds import SEED_PASSWORD, SEEDS
from authdemo.sessions.components import (
    api_form,
    home_link,
    no_autocorrect_attrs,
    password_field,
    remember_field,
    request_error,
    sign_in_error,
    sign_in_with,
)
from authdemo.sessions.locales import live_text, t
from authdemo.ui.auth_links import auth_link
from authdemo.ui.buttons import action_button, refusal, submit_button, update_refusal
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
            remember = form.get("remember", "on" if self.remember else "off") == "on"
            await auth.sign_in(self, form, callback_url=wanted, remember=remember)
        self.pending = not self.error  # until the browser has gone on


def page() -> rx.Component:
    """Build the page."""
    error: Any = LoginState.error
    is_wrong = (error["code"] == "CredentialsSignin") | (error["code"] == "TooManyAttempts")
    return plain_layout(
        "login",
        rx.el.section(
            rx.cond(
                rx.State.is_hydrated,
                rx.cond(is_wrong, rx.fragment(), refusal(error)),
                request_error(class_name="refusal"),
            ),
            _form(is_wrong),
            rx.el.p(t("login.or"), class_name="or"),
            rx.el.div(
                passkey_button(remember=LoginState.remember, class_name="button quiet"),
                rx.foreach(LoginState.elsewhere, _way),
                update_refusal(),
                auth_link("/sign-in-link", "", t("login.sign_in_link")),
                class_name="ways",
            ),
            class_name="card",
        ),
        auth_link("/register", t("login.no_account"), t("login.register")),
        home_link(),
        rx.cond(LoginState.is_seeded, _demo_accounts()),
    )


def _form(is_wrong: Any) -> rx.Component:
    blamed: dict[str, Any] = {"aria_invalid": is_wrong, "aria_describedby": "login-error"}
    return api_form(
        "callback/credentials",
        rx.el.label(
            t("login.id"),
            rx.el.input(
                name="id",
                auto_complete="username webauthn",
                required=True,
                custom_attrs=no_autocorrect_attrs(),
                **blamed,
            ),
        ),
        rx.el.div(
            password_field(t("login.password"), **blamed),
            rx.el.div(rx.cond(is_wrong, refusal(LoginState.error)), id="login-error"),
        ),
        remember_field(LoginState.choose, t("login.remember"), class_name="choice"),
        submit_button(t("login.log_in"), pending=LoginState.pending),
        auth_link("/forgot", "", t("login.forgot")),
        on_submit=LoginState.log_in,
        class_name="form",
    )


def _demo_accounts() -> rx.Component:
    """Log in with one click: everyone may know these passwords."""
    log_in: Any = LoginState.log_in
    buttons = (
        action_button(
            f"{each.id} · {each.role}",
            log_in({"id": each.id, "password": SEED_PASSWORD}),
            pending=LoginState.pending,
            quiet=True,
        )
        for each in SEEDS
    )
    return rx.el.section(
        rx.el.h2(t("login.demo")),
        rx.el.p(t("login.hint", password=SEED_PASSWORD), class_name="caption"),
        rx.el.div(*buttons, class_name="ways two"),
        class_name="card",
    )


def _way(provider: Any) -> rx.Component:
    return rx.el.button(
        live_text(t("signin.with", name=provider["name"])),
        on_click=sign_in_with(provider["id"], remember=LoginState.remember),
        type="button",
        class_name="button quiet",
    )
