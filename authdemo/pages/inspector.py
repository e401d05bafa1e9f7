"""`/inspector`: what a session is, and what just happened to it."""

from __future__ import annotations

import reflex as rx

from authdemo.devtools import attacks, devices, representations, timeline, token_details
from authdemo.ui.layout import layout
from authdemo.ui.session_card import client_session


def page() -> rx.Component:
    """Build the page."""
    return layout(
        "inspector",
        representations(),
        timeline(),
        devices(),
        token_details(),
        client_session(),
        attacks(),
    )
