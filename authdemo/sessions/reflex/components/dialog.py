"""A button that asks before it does something."""

from __future__ import annotations

from typing import Any

import reflex as rx

from .scripts import imported, var
from .words import live_text, word


def confirm_button(
    label: Any,
    question: Any,
    action: Any,
    *,
    disabled: Any = False,
    described_by: Any = None,
    class_name: str = "button quiet",
) -> rx.Component:
    """Make a button with a dialog, which the browser's own `<dialog>` shows.

    Args:
        label: What the button says, and what the button that does it says too.
        question: What the dialog asks.
        action: What happens when it is answered with yes.
        disabled: Whether there is nothing to do now.
        described_by: The id of the element that says what it is for, where others are called
            the same.
        class_name: The look of the button.

    Returns:
        The button and its dialog.
    """
    return rx.fragment(
        rx.el.button(
            _shown(label),
            type="button",
            disabled=disabled,
            class_name=class_name,
            aria_haspopup="dialog",
            aria_describedby=described_by,
            custom_attrs={"onClick": _script("openDialog")},
        ),
        rx.el.dialog(
            rx.el.p(_shown(question)),
            rx.el.div(
                rx.el.button(
                    word("dialog.cancel"), type="button", auto_focus=True, class_name="button quiet"
                ),
                rx.el.button(_shown(label), type="button", on_click=action, class_name="button"),
                class_name="actions",
            ),
            class_name="dialog",
            aria_label=question,
            custom_attrs={"onClick": _script("closeDialog")},
        ),
    )


def _shown(text: Any) -> Any:
    return live_text(text) if isinstance(text, rx.Var) else text


def _script(name: str) -> Any:
    return var(name, Any, imported("dialog.js", name))
