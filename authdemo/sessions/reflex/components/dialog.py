"""The dialog that asks before a button acts."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.event import EventType

from .assets import imported, script
from .i18n import live_text, t


def confirm_button(
    label: str | rx.Var[str],
    question: str | rx.Var[str],
    action: EventType[()] | EventType[dict[str, Any]],
    *fields: rx.Component,
    disabled: Any = False,
    described_by: str | rx.Var[str] | None = None,
    class_name: str = "auth-button auth-quiet",
) -> rx.Component:
    """Make a button that asks before it acts, in the browser's own `<dialog>`.

    Args:
        label: The label of the button, and of the one in the dialog that acts.
        question: The dialog's question.
        action: What happens when the user agrees.
        *fields: What the dialog asks for; `action` is then what a form's `on_submit` takes.
        disabled: Whether there is nothing to do now.
        described_by: The id of the element that tells buttons of one label apart.
        class_name: The look of the button.
    """
    acting = {"type": "submit"} if fields else {"type": "button", "on_click": action}
    content: tuple[rx.Component, ...] = (
        rx.el.p(live_text(question)),
        *fields,
        rx.el.div(
            rx.el.button(
                t("dialog.cancel"),
                type="button",
                auto_focus=not fields,
                class_name="auth-button auth-quiet",
            ),
            rx.el.button(live_text(label), class_name="auth-button", **acting),
            class_name="auth-actions",
        ),
    )
    if fields:
        content = (rx.el.form(*content, on_submit=action, reset_on_submit=True),)
    both: rx.Component = rx.fragment(
        rx.el.button(
            live_text(label),
            type="button",
            disabled=disabled,
            class_name=class_name,
            aria_haspopup="dialog",
            aria_describedby=described_by,
            custom_attrs={"onClick": _dialog_script("openDialog")},
        ),
        rx.el.dialog(
            *content,
            class_name="auth-dialog",
            aria_label=question,
            custom_attrs={"onClick": _dialog_script("closeDialog")},
        ),
    )
    return both


def _dialog_script(name: str) -> rx.Var[object]:
    return script(name, imported("dialog.js", name))
