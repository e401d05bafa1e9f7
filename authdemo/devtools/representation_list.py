"""*Representations*: token, JSON and view side by side, to see the cookie catch up."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo.sessions.locales import live_text, t, verbatim

from .hooks import read_json, use_representations
from .parts import section

REPRESENTATIONS = ("token", "json", "view")


def representations() -> rx.Component:
    """Compare the three representations of the session."""
    compared = use_representations()
    took = compared["took"].to(int)
    return section(
        "representations",
        rx.el.ul(
            *(_representation(name, compared[name]) for name in REPRESENTATIONS),
            class_name="representations-row",
        ),
        rx.el.p(
            live_text(
                rx.cond(
                    took >= 0,
                    t("representations.caught_up", milliseconds=took),
                    t("representations.together"),
                )
            ),
            role="status",
            class_name="caption",
        ),
        rx.el.div(
            rx.el.button(
                t("representations.read"),
                type="button",
                on_click=read_json(),
                class_name="button quiet",
            ),
            class_name="actions",
        ),
    )


def _representation(name: str, shown: Any) -> rx.Component:
    behind = shown.to(dict[str, Any])["behind"].to(int)
    return rx.el.li(
        rx.el.h3(t(f"representations.{name}")),
        rx.el.p(t(f"representations.{name}_where"), class_name="caption"),
        rx.el.p(
            rx.el.strong(
                live_text(t("timeline.rev", rev=shown.to(dict[str, Any])["rev"].to(int))),
                custom_attrs={"data-representation": name},
            ),
            " ",
            rx.cond(
                behind > 0,
                rx.el.span(
                    live_text(t("representations.behind", behind=behind)), class_name="badge late"
                ),
                rx.el.span(t("representations.current"), class_name="badge good"),
            ),
        ),
        rx.el.p(shown.to(dict[str, Any])["name"].to(str), custom_attrs=verbatim()),
    )
