"""Registering: the form, what it does, and the parts for a form of one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, ClassVar

import reflex as rx

from authdemo.sessions import Auth, AuthError, ConfigurationError, public
from authdemo.sessions.components import (
    no_autocorrect_attrs,
    password_field,
    pending_until_navigation,
)
from authdemo.sessions.locales import explain, live_text, t

from .errors import AccountRejected, AccountsUnavailable, MailUnavailable
from .links import PROVIDER
from .passwords import MIN_CHARACTERS, Registration
from .service import Accounts

FIELDS: Mapping[str, Mapping[str, Any]] = {
    "id": {"auto_complete": "username", "custom_attrs": no_autocorrect_attrs()},
    "name": {"auto_complete": "name"},
    "email": {"auto_complete": "email", "type": "email"},
    "password": {"auto_complete": "new-password", "min_length": MIN_CHARACTERS},
}
"""The fields of the form, and what browsers learn about them."""


async def register(
    state: rx.State,
    accounts: Accounts,
    form: Mapping[str, Any],
    *,
    provider: str = "credentials",
    callback_url: str = "/",
) -> None:
    """Make an account in an event handler, and sign its owner in as a sign-in form does.

    An app with the provider `email` mails a link that verifies the address.

    Args:
        state: The event handler's `self`.
        accounts: Where to keep the account.
        form: What was typed: `id`, `name`, `email` and `password`.
        provider: The id of the `Credentials` that asks these accounts.
        callback_url: Where to go; another origin is not followed.

    Raises:
        AccountRejected: If a field is not as it must be, or the id is taken; names the field.
        TooManyRegistrations: If too many were made from the visitor's address.
        SignInError: If there is an account now, but its user may not sign in.
        CallbackFailed: If there is one, but a function of the app raised.
        ConnectionLost: If the tab's socket is gone.
        StoreUnavailable: If the database or the sessions can't be reached.
    """
    auth = Auth.installed()
    try:
        registration = Registration.read(form)
    except AccountRejected as error:
        auth.audit(state, error)
        raise
    user = await auth.register(state, lambda: accounts.register(registration))
    if PROVIDER in auth.providers:  # then the app has the pages for links
        with suppress(AccountsUnavailable, MailUnavailable):  # the user can request it again
            await accounts.links.send_verification(
                user.id, origin=auth.origin(state), language=auth.language(state)
            )
    proof = {"id": registration.id, "password": registration.password}
    await auth.sign_in(state, proof, provider=provider, callback_url=callback_url)


@public
class RegistrationMixin(rx.State, mixin=True):
    """A state whose form makes accounts; subclass it, together with `rx.State`.

    Attributes:
        accounts: Where to keep the accounts; the subclass says it.
        pending: Whether the server is at work.
        errors: The facts of its refusals, by field; what blames no field is under `""`.
    """

    accounts: ClassVar[Accounts]
    pending: bool = False
    errors: rx.Field[dict[str, dict[str, Any]]] = rx.field(default_factory=dict)

    @rx.event
    def begin_to_register(self) -> None:
        """Clear an earlier attempt."""
        self.pending, self.errors = False, {}

    @rx.event
    async def register(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Make an account of what the form holds; a second click does nothing."""
        if self.pending:
            return
        self.pending, self.errors = True, {}
        yield
        wanted = self.router.url.query_parameters.get("callbackUrl", "/")
        try:
            with pending_until_navigation(self):
                await register(self, self.accounts, form, callback_url=wanted)
        except AuthError as error:
            known = error.by_field() if isinstance(error, AccountRejected) else {}
            self.errors = known or {"": error.to_dict()}


def register_form(state: type[RegistrationMixin]) -> rx.Component:
    """Make the form that registers.

    Args:
        state: The app's own subclass of `RegistrationMixin`.

    Returns:
        The form, with what went wrong beside its fields.

    Raises:
        ConfigurationError: If the subclass has no `accounts`.
    """
    if not hasattr(state, "accounts"):
        raise ConfigurationError(f"{state.__name__} needs accounts: ClassVar[Accounts] = ...")
    return rx.fragment(
        rx.el.form(
            *(_field(state, name) for name in FIELDS),
            rx.el.button(
                t("register.go"),
                type="submit",
                disabled=state.pending,
                aria_busy=state.pending,
                class_name="auth-button",
            ),
            on_submit=state.register,
            on_mount=state.begin_to_register,
            no_validate=True,
            method="post",
            class_name="auth-form",
        ),
        rx.el.p(_explained(state, ""), role="alert", class_name="auth-error"),
    )


def _field(state: type[RegistrationMixin], name: str) -> rx.Component:
    errors: Any = state.errors
    hint, error = f"{name}-hint", f"{name}-error"
    hints = (rx.el.p(t("register.id_hint"), id=hint, class_name="auth-hint"),)
    has_hint, label = name == "id", t(f"register.{name}")
    attributes: dict[str, Any] = {
        "name": name,
        "required": True,
        "aria_invalid": errors.contains(name),
        "aria_describedby": f"{hint} {error}" if has_hint else error,
        **FIELDS[name],
    }
    return rx.el.div(
        password_field(label, **attributes)
        if name == "password"
        else rx.el.label(label, rx.el.input(**attributes)),
        *(hints if has_hint else ()),
        rx.el.p(_explained(state, name), id=error, role="alert", class_name="auth-error"),
    )


def _explained(state: type[RegistrationMixin], field: str) -> Any:
    errors: Any = state.errors
    return live_text(explain(errors[field]))
