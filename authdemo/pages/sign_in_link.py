"""`/sign-in-link`: requests a link that signs in, and is where it leads."""

from __future__ import annotations

import reflex as rx

from authdemo.accounts import sign_in_link_form
from authdemo.sessions.locales import t
from authdemo.ui.auth_links import auth_link
from authdemo.ui.layout import plain_layout


def page() -> rx.Component:
    """Build the page."""
    return plain_layout(
        "sign_in_link",
        sign_in_link_form(),
        auth_link("/login", "", t("link.log_in")),
    )
