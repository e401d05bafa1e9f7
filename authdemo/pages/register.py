"""`/register`: an account for anyone who has none."""

from __future__ import annotations

import reflex as rx

from authdemo.accounts import accounts
from authdemo.sessions import word
from authdemo.sessions.accounts import register_form
from authdemo.ui.crossing import crossing
from authdemo.ui.layout import plain_layout


def page() -> rx.Component:
    """Build the page."""
    return plain_layout(
        "register",
        register_form(accounts),
        crossing("/login", word("register.has_one"), word("register.log_in")),
    )
