"""`/code`: the code of a second factor, during a sign-in."""

from __future__ import annotations

import reflex as rx

from authdemo.sessions.components import code_form
from authdemo.sessions.locales import t
from authdemo.ui.layout import plain_layout


def page() -> rx.Component:
    """Build the page."""
    return plain_layout("code", code_form(), rx.el.p(rx.el.a(t("code.again"), href="/login")))
