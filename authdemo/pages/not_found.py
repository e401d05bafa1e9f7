"""The page for a link to an unknown path; the server itself answers a request for one."""

from __future__ import annotations

import reflex as rx

from authdemo.sessions import word
from authdemo.ui.layout import plain_layout


def page() -> rx.Component:
    """Build the page."""
    return plain_layout(
        "not_found",
        rx.el.p(word("not_found.lead")),
        rx.el.p(rx.el.a(word("not_found.home"), href="/", custom_attrs={"reloadDocument": True})),
    )
