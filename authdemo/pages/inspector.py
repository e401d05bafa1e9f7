"""`/inspector`: what a session is, and what just happened to it."""

from __future__ import annotations

import reflex as rx

from authdemo.ui.layout import layout
from authdemo.ui.session_card import server_session


def page() -> rx.Component:
    """Build the page."""
    return layout("Inspector", server_session(), lead="Your session, from the inside.")
