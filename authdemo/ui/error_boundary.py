"""What a page says when something is wrong with it, or with its connection."""

from __future__ import annotations

from collections.abc import Callable

import reflex as rx
from reflex.components.base.error_boundary import error_boundary
from reflex.components.core.banner import has_connection_errors

from authdemo.sessions.locales import t
from authdemo.ui.feedback import ToastWhen, overdue

Wrap = Callable[[bool], rx.Component | None]


def page_boundary(_stateful: bool) -> rx.Component:  # noqa: FBT001
    """Stand around every page, and say so if it breaks."""
    broken = rx.el.main(
        rx.el.h1(t("page_error.broken")),
        rx.el.p(t("page_error.reload"), role="alert"),
        class_name="narrow",
    )
    boundary: rx.Component = error_boundary(fallback_render=rx.Var.create(broken))
    return boundary


def connection_notice(_stateful: bool) -> rx.Component:  # noqa: FBT001
    """Say on every page that its connection is lost, or can't be made, while that is so."""
    return rx.fragment(lost_connection())


@rx.memo
def lost_connection() -> rx.Component:
    """Follow the page's connection."""
    lost, unconnected = (
        rx.el.p(t(f"page_error.{what}"), class_name="lost", role="alert")
        for what in ("lost", "unconnected")
    )
    waits = overdue(rx.State.is_hydrated)
    notice: rx.Component = rx.fragment(
        rx.cond(has_connection_errors, lost, rx.cond(waits, unconnected)),
        ToastWhen.create(value=~has_connection_errors, text=t("page_error.restored")),
    )
    return notice


WRAPS: dict[tuple[int, str], Wrap] = {
    (55, "ErrorBoundary"): page_boundary,
    (5, "Overlay"): connection_notice,
}
"""These take the places of Reflex's own, which speak English only and weigh more."""
