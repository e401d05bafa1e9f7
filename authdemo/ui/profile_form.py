"""The form for one's name and picture."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo.sessions import use_profile
from authdemo.sessions.locales import explain, live_text, t, t_dynamic
from authdemo.ui.buttons import action_button, refusal, submit_button
from authdemo.ui.feedback import ToastWhen

FIELDS = ("name", "image")


def profile_form() -> rx.Component:
    """Make the form: it shows what it hopes for, takes it back when refused, and says why."""
    profile = use_profile(*FIELDS)
    return rx.el.form(
        rx.el.h2(t("profile.title")),
        *(_field(name) for name in FIELDS),
        rx.cond(profile.is_conflict, _conflict()),
        refusal(profile.error),
        ToastWhen.create(value=profile.saved, text=t("profile.saved")),
        rx.el.div(
            submit_button(
                t("profile.save"),
                pending=profile.pending,
                is_idle=~profile.is_edited | profile.is_conflict,
            ),
            class_name="actions",
        ),
        on_submit=profile.submit,
        no_validate=True,
        class_name="card form",
    )


def _field(name: str) -> rx.Component:
    profile = use_profile(*FIELDS)
    return rx.el.div(
        rx.el.label(
            t(f"profile.{name}"),
            rx.el.input(auto_complete="off", custom_attrs=profile.field(name)),
        ),
        rx.el.p(
            live_text(explain(profile.field_error(name))),
            id=f"{name}-error",
            class_name="field-error",
        ),
        class_name="field",
    )


def _conflict() -> rx.Component:
    profile = use_profile(*FIELDS)
    return rx.el.div(
        rx.el.p(t("profile.conflict")),
        rx.el.ul(rx.foreach(profile.conflicts, _difference)),
        rx.el.div(
            action_button(t("profile.keep"), profile.keep_theirs, pending=profile.pending),
            action_button(
                t("profile.insist"), profile.save_mine, pending=profile.pending, quiet=True
            ),
            class_name="actions",
        ),
        role="alert",
        class_name="conflict",
    )


def _difference(conflict: Any) -> rx.Component:
    return rx.el.li(
        rx.el.strong(live_text(t_dynamic("field", conflict["name"]))),
        rx.el.span(live_text(t("profile.theirs", theirs=conflict["theirs"]))),
        rx.el.span(live_text(t("profile.mine", mine=conflict["mine"]))),
    )
