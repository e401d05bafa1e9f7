"""`/reset`: a new password, where the link of a mail leads."""

from __future__ import annotations

import reflex as rx

from authdemo.accounts import reset_form
from authdemo.ui.layout import plain_layout


def page() -> rx.Component:
    """Build the page."""
    return plain_layout(
        "reset",
        reset_form(),
    )
