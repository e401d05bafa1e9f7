"""What the inspector's sections are made of: plain elements with class names to style."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

from authdemo.sessions.locales import t, verbatim


def section(name: str, *children: Any) -> rx.Component:
    """Make a section with the heading `<name>.title` and the caption `<name>.caption`."""
    heading = f"{name}-title"
    return rx.el.section(
        rx.el.h2(t(f"{name}.title"), id=heading, tab_index=-1),
        rx.el.p(t(f"{name}.caption"), class_name="caption"),
        *children,
        aria_labelledby=heading,
        class_name=f"card {name}",
        custom_attrs={"data-testid": name},
    )


def table(headings: list[Any], rows: Any, *, label: Any) -> rx.Component:
    """Make a table that scrolls by itself, by keyboard too."""
    columns = (rx.el.th(heading, scope="col") for heading in headings)
    return rx.el.div(
        rx.el.table(rx.el.thead(rx.el.tr(*columns)), rx.el.tbody(rows)),
        class_name="scroll",
        tab_index=0,
        role="region",
        aria_label=label,
    )


def filled_list(rows: Any, row: Callable[[Any], rx.Component], *, class_name: str) -> rx.Component:
    """List rows, or say that they are on their way."""
    return rx.el.ol(
        rx.cond(
            rows.length() > 0,
            rx.foreach(rows, row),
            rx.el.li(t("devtools.loading"), class_name="empty"),
        ),
        class_name=class_name,
        aria_busy=rows.length() == 0,
    )


def changes(rows: Any) -> rx.Component:
    """List fields with their old and new values."""
    return rx.el.ul(rx.foreach(rows, _change), class_name="changes")


def _change(row: Any) -> rx.Component:
    return rx.el.li(
        rx.el.code(row["field"].to(str), custom_attrs=verbatim()),
        " ",
        rx.el.del_(row["old"].to(str), custom_attrs=verbatim()),
        " ",
        rx.el.ins(row["new"].to(str), custom_attrs=verbatim()),
    )
