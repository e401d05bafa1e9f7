"""`/inspector`: what a session is, and what just happened to it."""

from __future__ import annotations

import reflex as rx

from authdemo.devtools import inspector
from authdemo.ui.layout import layout


def page() -> rx.Component:
    """Build the page."""
    return layout("inspector", inspector(), is_wide=True)
