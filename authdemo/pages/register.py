"""`/register`: an account for anyone who has none."""

from __future__ import annotations

from typing import ClassVar

import reflex as rx

from authdemo.accounts import Accounts, RegistrationMixin, register_form
from authdemo.auth import accounts
from authdemo.sessions.locales import t
from authdemo.ui.auth_links import auth_link
from authdemo.ui.layout import plain_layout


class RegisterState(RegistrationMixin, rx.State):
    """The form for an account of the demo."""

    accounts: ClassVar[Accounts] = accounts


def page() -> rx.Component:
    """Build the page."""
    return plain_layout(
        "register",
        register_form(RegisterState),
        auth_link("/login", t("register.has_one"), t("register.log_in")),
    )
