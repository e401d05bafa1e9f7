"""The card that deletes one's own account."""

from __future__ import annotations

import reflex as rx

from authdemo.accounts import PendingMixin
from authdemo.auth import accounts, auth
from authdemo.sessions import AuditEvent, protected
from authdemo.sessions.components import confirm_button
from authdemo.sessions.locales import t
from authdemo.ui.buttons import refusal

FRESH = 300
"""Seconds within which the user must have signed in, or proved their identity again."""


@protected
class DeletionState(PendingMixin, rx.State):
    """The end of an account."""

    @rx.event
    @protected(fresh=FRESH)
    async def delete_account(self) -> None:
        """Delete the user's account; all tabs leave."""
        session = await auth.require_session(self)
        with self._reporting():
            await accounts.delete(session.user.id)
            auth.audit(self, AuditEvent(kind="deleted", user=session.user.id))


def delete_account_card() -> rx.Component:
    """Make the card."""
    return rx.el.section(
        rx.el.h2(t("account.delete")),
        rx.el.p(t("account.delete_what"), id="delete-what", class_name="caption"),
        rx.el.div(
            confirm_button(
                t("account.delete"),
                t("account.delete_ask"),
                DeletionState.delete_account,
                disabled=~rx.State.is_hydrated,
                described_by="delete-what",
            ),
            class_name="actions",
        ),
        refusal(DeletionState.error),
        class_name="card",
        on_mount=DeletionState.clear,
    )
