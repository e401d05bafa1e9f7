"""The field for a password, which can show what was typed."""

from __future__ import annotations

from typing import Any

import reflex as rx

from .assets import imported, script
from .i18n import t


def no_autocorrect_attrs() -> dict[str, str | bool]:
    """Keep phones from changing what the user types: an input's `custom_attrs`."""
    return {"autoCapitalize": "none", "autoCorrect": "off", "spellCheck": False}


def password_field(
    label: str | rx.Var[str], *, auto_complete: str = "current-password", **attributes: Any
) -> rx.Component:
    """Make a field for a password with its label, and a button that shows what was typed.

    Args:
        label: The field's label.
        auto_complete: `current-password`, or `new-password` for one that the user chooses.
        **attributes: More of the input's attributes; its `name` is `password` by default.
    """
    field = rx.el.input(
        **{"name": "password", "required": True, **attributes},
        type="password",
        auto_complete=auto_complete,
        custom_attrs=no_autocorrect_attrs(),
    )
    toggle = rx.el.button(
        _eye(),
        rx.el.span(t("password.show")),
        type="button",
        aria_pressed=False,
        title=t("password.show"),
        class_name="auth-reveal",
        custom_attrs={
            "onClick": script("togglePassword", imported("password.js", "togglePassword"))
        },
    )
    both: rx.Component = rx.el.div(rx.el.label(label, field), toggle, class_name="auth-password")
    return both


def username_field(account_id: str | rx.Var[str]) -> rx.Component:
    """Say in a form for a password which account it is for: password managers need to know."""
    field: rx.Component = rx.el.input(
        value=account_id, auto_complete="username", read_only=True, hidden=True, aria_hidden=True
    )
    return field


def _eye() -> rx.Component:
    drawing: rx.Component = rx.el.svg(
        rx.el.path(d="M2 12s4-7 10-7 10 7 10 7-4 7-10 7-10-7-10-7z"),
        rx.el.circle(cx="12", cy="12", r="3"),
        rx.el.path(d="M4 20 20 4"),
        view_box="0 0 24 24",
        custom_attrs={"aria-hidden": True},
    )
    return drawing
