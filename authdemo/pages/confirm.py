"""`/confirm`: the password again, before something that matters."""

from __future__ import annotations

import reflex as rx

from authdemo.accounts.passkey_form import passkey_confirm_button
from authdemo.sessions.components import confirm_form
from authdemo.ui.layout import plain_layout


def page() -> rx.Component:
    """Build the page."""
    passkey = rx.el.div(passkey_confirm_button(class_name="button quiet"), class_name="ways")
    return plain_layout("confirm", confirm_form(), passkey)
