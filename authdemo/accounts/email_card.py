"""The user's e-mail address on a page: whether it is verified, and how it changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from authdemo.sessions import Auth, protected, use_session
from authdemo.sessions.locales import live_text, t, verbatim

from .form_state import only_user
from .link_forms import LinkMixin, address_form, error_notice, sent_notice
from .link_tokens import CHANGE_EMAIL, VERIFY
from .models import Member
from .passwords import folded
from .service import installed

FRESH = 300
"""Seconds within which the user must have authenticated to change the address."""


@only_user
class EmailState(LinkMixin, rx.State):
    """The user's address: the buttons that verify and change it."""

    is_open: bool = False

    @rx.event
    @protected
    def clear(self) -> None:
        """Clear what is left of an earlier visit: the state of a tab outlives its page."""
        self._rest()
        self.is_open = False

    @rx.event
    async def verify(self) -> AsyncIterator[None]:
        """Mail a link that verifies the address."""
        self.pending, self.done = True, False
        yield
        auth = Auth.installed()
        with self._reporting():
            user = (await auth.require_session(self)).user
            await auth.limit_mail(self, folded(user.email or ""), VERIFY.name)
            await installed().links.send_verification(
                user.id, origin=auth.origin(self), language=auth.language(self)
            )
            await self._note_sent(user.email or "")

    @rx.event
    @protected(fresh=FRESH)
    def open(self) -> None:
        """Open the form for a new address."""
        self._rest()
        self.is_open = True

    @rx.event
    @protected(fresh=FRESH)
    async def change(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Mail a link to the new address."""
        self.pending, self.done = True, False
        yield
        auth, links = Auth.installed(), installed().links
        where = {"origin": auth.origin(self), "language": auth.language(self)}

        async def send(address: str) -> None:
            user = (await auth.require_session(self)).user
            await links.change_email(user.id, address, **where)
            self.is_open = False

        await self._request(form, CHANGE_EMAIL.name, send)


def email_card() -> rx.Component:
    """Make the card with the user's address, and the buttons that verify and change it."""
    state: Any = EmailState
    user: Any = use_session(Member).user
    return rx.el.section(
        rx.el.h2(t("email.title")),
        rx.el.p(
            rx.el.span(live_text(user.email), custom_attrs=verbatim()),
            " ",
            rx.el.span(
                live_text(rx.cond(user.email_verified, t("email.verified"), t("email.unverified"))),
                class_name="badge",
                custom_attrs={"data-testid": "email-verified"},
            ),
        ),
        rx.cond(
            state.is_open,
            address_form(
                state.change,
                state,
                label=t("email.new"),
                also=_button(t("dialog.cancel"), state.clear, state),
            ),
            rx.el.div(
                rx.cond(~user.email_verified, _button(t("email.verify"), state.verify, state)),
                _button(t("email.change"), state.open, state),
                class_name="auth-actions",
            ),
        ),
        sent_notice(state, t("email.sent", email=state.email)),
        error_notice(state),
        rx.el.span(on_mount=state.clear, hidden=True),
        class_name="auth-card",
    )


def _button(label: Any, on_click: Any, state: Any) -> rx.Component:
    return rx.el.button(
        label,
        type="button",
        on_click=on_click,
        disabled=~rx.State.is_hydrated | state.pending,
        class_name="auth-button auth-quiet",
    )
