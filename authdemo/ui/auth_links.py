"""The way between the page to log in and the one to register."""

from __future__ import annotations

from typing import Any

import reflex as rx


def auth_link(path: str, question: Any, label: Any) -> rx.Component:
    """Lead to the other page, without forgetting where the visitor wants to go."""
    query: Any = rx.State.router.url.query
    return rx.el.p(
        question,
        " ",
        rx.el.a(label, href=rx.cond(query, f"{path}?{query}", path)),
        class_name="caption",
    )
