"""`/client`: the session as the browser knows it."""

from __future__ import annotations

import reflex as rx

from authdemo.sessions import use_session
from authdemo.sessions.components import SessionLog
from authdemo.sessions.locales import t
from authdemo.ui.buttons import action_button, update_refusal
from authdemo.ui.layout import layout
from authdemo.ui.session_card import client_session


def page() -> rx.Component:
    """Build the page."""
    session = use_session()
    return layout(
        "client",
        SessionLog.create(),
        client_session(),
        rx.el.div(
            action_button(
                t("update.client"),
                session.update(name="Client-Man"),
                pending=session.pending,
            ),
            class_name="actions",
        ),
        update_refusal(),
    )
