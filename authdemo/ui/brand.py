"""The app's name and mark."""

from __future__ import annotations

import reflex as rx

NAME = "authdemo"


def brand(*, href: str = "") -> rx.Component:
    """Show the name."""
    made = (_mark(), rx.el.span(NAME))
    if href:
        return rx.el.a(*made, href=href, class_name="brand")
    return rx.el.p(*made, class_name="brand")


def _mark() -> rx.Component:
    """Draw a key in the ring of a session, as `assets/icon.svg` does."""
    return rx.el.svg(
        rx.el.circle(cx="16", cy="11", r="6"),
        rx.el.path(d="M16 17v11M16 23h5"),
        view_box="0 0 32 32",
        fill="none",
        stroke="var(--accent)",
        stroke_width="3",
        stroke_linecap="round",
        custom_attrs={"aria-hidden": True},
    )
