"""The page for a link to an unknown path; the server itself answers a request for one."""

from __future__ import annotations

import reflex as rx

from authdemo.sessions.locales import t
from authdemo.ui.layout import plain_layout


def page() -> rx.Component:
    """Build the page."""
    return plain_layout(
        "not_found",
        rx.el.p(t("not_found.lead")),
        rx.el.p(rx.el.a(t("not_found.home"), href="/", custom_attrs={"reloadDocument": True})),
    )
