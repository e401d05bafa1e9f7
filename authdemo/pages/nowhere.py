"""The page for links that lead nowhere; the server answers a request for such an address itself."""

from __future__ import annotations

import reflex as rx

from authdemo.sessions import word
from authdemo.ui.layout import plain_layout


def page() -> rx.Component:
    """Build the page."""
    return plain_layout(
        "nowhere",
        rx.el.p(word("nowhere.lead")),
        rx.el.p(rx.el.a(word("nowhere.home"), href="/", custom_attrs={"reloadDocument": True})),
    )
