"""`/forgot`: requests a link to set a new password."""

from __future__ import annotations

import reflex as rx

from authdemo.accounts import forgot_form
from authdemo.sessions.locales import t
from authdemo.ui.auth_links import auth_link
from authdemo.ui.layout import plain_layout


def page() -> rx.Component:
    """Build the page."""
    return plain_layout(
        "forgot",
        forgot_form(),
        auth_link("/login", "", t("link.log_in")),
    )
