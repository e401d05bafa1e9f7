"""`/inspector`: what a session is, and what just happened to it."""

from __future__ import annotations

import reflex as rx

from authdemo.devtools import anatomy, devices, faces, timeline
from authdemo.devtools.workshop import workshop
from authdemo.ui.layout import layout
from authdemo.ui.session_card import client_session


def page() -> rx.Component:
    """Build the page."""
    return layout(
        "inspector",
        faces(),
        timeline(),
        devices(),
        anatomy(),
        client_session(),
        workshop(),
    )
