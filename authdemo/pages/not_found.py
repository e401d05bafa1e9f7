"""The page for a link to an unknown path; the server itself answers a request for one."""

from __future__ import annotations

import reflex as rx

from authdemo.sessions.components import back_button, signed_in_as
from authdemo.sessions.locales import t
from authdemo.ui.layout import plain_layout


def page() -> rx.Component:
    """Build the page."""
    return plain_layout(
        "not_found",
        rx.el.p(t("not_found.lead")),
        signed_in_as(),
        rx.el.div(
            back_button(),
            rx.el.a(t("not_found.home"), href="/", custom_attrs={"reloadDocument": True}),
            class_name="auth-actions",
        ),
    )
