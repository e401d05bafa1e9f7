"""What stands in the dialog that asks for another proof: a script that loads when it opens."""

from __future__ import annotations

import reflex as rx

from .forms import ConfirmState, confirm_form
from .i18n import t


def step_up_content() -> rx.Component:
    """Stand in the dialog while it is open: its hooks don't run before."""
    return rx.fragment(
        rx.el.h2(t("confirm.title")),
        confirm_form(),
        rx.el.div(
            rx.el.button(
                t("dialog.cancel"),
                on_click=ConfirmState.dismiss,
                type="button",
                class_name="auth-button auth-quiet",
            ),
            class_name="auth-actions",
        ),
    )
