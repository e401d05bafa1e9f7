"""The dialog that asks for another proof, in the tab whose event was rejected."""

from __future__ import annotations

from typing import Any

import reflex as rx

from .assets import library
from .forms import ConfirmState
from .i18n import t
from .session import tab_var
from .step_up_content import step_up_content


class StepUp(rx.Component):
    """The browser's own dialog, which the server opens and closes."""

    tag = "StepUp"

    is_open: rx.Var[bool]
    resumes: rx.Var[int]
    title: rx.Var[str]

    @classmethod
    def get_event_triggers(cls) -> dict[str, Any]:
        return {**super().get_event_triggers(), "on_dismiss": _nothing, "on_resume": _nothing}


def _nothing() -> tuple[()]:
    return ()


def step_up_dialog() -> rx.Component:
    """Make the dialog; it stands on every page of an app that asks for proofs."""
    rx.memo(step_up_content)  # the dialog imports it when it opens
    return rx.memo(_step_up)()


def _step_up() -> rx.Component:
    step_up: Any = tab_var("step_up")
    dialog: rx.Component = StepUp.create(
        library=library("step_up.js"),
        is_open=step_up.length() > 0,
        resumes=tab_var("resumes"),
        title=t("confirm.title"),
        on_dismiss=ConfirmState.dismiss,
        on_resume=ConfirmState.resume,
    )
    return dialog
