"""*Three faces*: token, JSON and view side by side, so that one sees the cookie catch up."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo.sessions.locales import live_text, t, verbatim

from .hooks import read_json, use_faces
from .parts import section

FACES = ("token", "json", "view")


def faces() -> rx.Component:
    """Compare the three faces of the session."""
    all_faces = use_faces()
    took = all_faces["took"].to(int)
    return section(
        "faces",
        rx.el.ul(*(_face(name, all_faces[name]) for name in FACES), class_name="faces-row"),
        rx.el.p(
            live_text(
                rx.cond(took >= 0, t("faces.caught_up", milliseconds=took), t("faces.together"))
            ),
            role="status",
            class_name="caption",
        ),
        rx.el.div(
            rx.el.button(
                t("faces.read"), type="button", on_click=read_json(), class_name="button quiet"
            ),
            class_name="actions",
        ),
    )


def _face(name: str, face: Any) -> rx.Component:
    behind = face.to(dict[str, Any])["behind"].to(int)
    return rx.el.li(
        rx.el.h3(t(f"faces.{name}")),
        rx.el.p(t(f"faces.{name}_where"), class_name="caption"),
        rx.el.p(
            rx.el.strong(
                live_text(t("timeline.rev", rev=face.to(dict[str, Any])["rev"].to(int))),
                custom_attrs={"data-face": name},
            ),
            " ",
            rx.cond(
                behind > 0,
                rx.el.span(live_text(t("faces.behind", behind=behind)), class_name="badge late"),
                rx.el.span(t("faces.current"), class_name="badge good"),
            ),
        ),
        rx.el.p(face.to(dict[str, Any])["name"].to(str), custom_attrs=verbatim()),
    )
