"""`/verify`: an e-mail address, where the link of a mail leads."""

from __future__ import annotations

import reflex as rx

from authdemo.accounts import verify_form
from authdemo.ui.layout import plain_layout


def page() -> rx.Component:
    """Build the page."""
    return plain_layout(
        "verify",
        verify_form(),
    )
