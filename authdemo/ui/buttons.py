"""Buttons that say when they are busy, and messages that say what went wrong."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo.sessions import use_session
from authdemo.sessions.locales import explain, live_text, t


def action_button(
    label: Any, on_click: Any, *, pending: Any, quiet: bool = False, described_by: Any = None
) -> rx.Component:
    """Make a button that can't be pressed before it works, nor again while it does."""
    return rx.el.button(
        live_text(label),
        type="button",
        on_click=on_click,
        disabled=~rx.State.is_hydrated,
        aria_describedby=described_by,
        class_name="button quiet" if quiet else "button",
        **_busy_while(pending),
    )


def submit_button(
    label: Any, *, pending: Any, is_idle: Any = None, quiet: bool = False
) -> rx.Component:
    """Make the button that sends a form; what is sent before the page is live isn't lost."""
    idle = {} if is_idle is None else {"disabled": rx.State.is_hydrated & is_idle}
    return rx.el.button(
        live_text(label),
        type="submit",
        class_name="button quiet" if quiet else "button",
        **idle,
        **_busy_while(pending),
    )


def update_button(name: str) -> rx.Component:
    """Make the tutorial's reusable update button: it updates the session from the browser."""
    session = use_session()
    return action_button(t("update.client"), session.update(name=name), pending=session.pending)


def refusal(error: Any) -> rx.Component:
    """Say why something was refused; shows nothing while there is no error, or an old one."""
    said = rx.cond(rx.State.is_hydrated, explain(error), "")
    return rx.el.p(live_text(said), role="alert", class_name="refusal")


@rx.memo
def update_refusal() -> rx.Component:
    """Say why the last update or sign-in from this tab was refused."""
    return refusal(use_session().error)


def _busy_while(pending: Any) -> dict[str, Any]:
    """Have a button do nothing while it works; `disabled` would take the focus away from it."""
    ignore = f"(event) => {pending!s} && (event.preventDefault(), event.stopPropagation())"
    return {
        "aria_busy": pending,
        "aria_disabled": pending,
        "custom_attrs": {"onClickCapture": rx.Var(ignore)},
    }
