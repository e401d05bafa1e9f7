"""What stands in the head of every page."""

from __future__ import annotations

import reflex as rx

from authdemo.sessions.locales import t

ICON = "/icon-180.png"


def components() -> list[rx.Component]:
    """List the elements: icons, colours for the browser's own frame, and a description."""
    return [
        rx.el.link(rel="icon", type="image/svg+xml", href="/icon.svg"),
        rx.el.link(rel="apple-touch-icon", href=ICON),
        rx.el.meta(name="theme-color", content="#ffffff", custom_attrs=_in("light")),
        rx.el.meta(name="theme-color", content="#1a2029", custom_attrs=_in("dark")),
        rx.el.meta(name="description", content=t("layout.description")),
    ]


def _in(scheme: str) -> dict[str, str]:
    return {"media": f"(prefers-color-scheme: {scheme})"}
