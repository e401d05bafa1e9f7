"""This session's revisions over time."""

from __future__ import annotations

import reflex as rx

from authdemo.sessions.locales import verbatim

from .hooks import tick_time, use_timeline

HEIGHT = 180
"""Pixels."""


def chart() -> rx.Component:
    """Draw the revisions; a click on one compares it with the one before it.

    The list below says the same to those who don't see it, or have no mouse.
    """
    steps = use_timeline()
    return rx.el.div(
        rx.recharts.line_chart(
            rx.recharts.line(
                data_key="rev",
                type_="stepAfter",
                stroke="var(--accent)",
                stroke_width=2,
                is_animation_active=False,
                dot={"r": 4, "fill": "var(--accent)", "cursor": "pointer"},
                active_dot=False,
            ),
            rx.recharts.x_axis(
                data_key="at",
                type_="number",
                domain=["dataMin", "dataMax"],
                stroke="var(--ink-soft)",
                custom_attrs={"tickFormatter": tick_time()},
            ),
            rx.recharts.y_axis(allow_decimals=False, width=32, stroke="var(--ink-soft)"),
            data=steps.points,
            margin={"top": 12, "right": 16, "bottom": 4, "left": 0},
            height=HEIGHT,
            custom_attrs={"accessibilityLayer": False},
        ),
        custom_attrs=verbatim() | {"onClick": steps.call("pickPoint")},
        class_name="chart",
        aria_hidden=True,
    )
