"""`/confirm`: another proof of who the user is, before something that matters."""

from __future__ import annotations

import reflex as rx

from authdemo.sessions.components import confirm_form
from authdemo.ui.layout import plain_layout


def page() -> rx.Component:
    """Build the page."""
    return plain_layout("confirm", confirm_form())
