"""Accounts with passwords, for apps that have no users of their own; nothing else here needs them.

Install them with `pip install 'authdemo[accounts]'`.
"""

from __future__ import annotations

from pathlib import Path

from authdemo.sessions.locales import add_locales

from .errors import (
    AccountRejected,
    AccountsUnavailable,
    LinkRejected,
    MailRejected,
    MailUnavailable,
)

try:
    from .email_card import email_card
    from .form import RegistrationMixin, register, register_form
    from .form_state import PendingMixin
    from .link_forms import forgot_form, reset_form, sign_in_link_form, verify_form
    from .models import Member
    from .passkeys import Passkeys
    from .passwords import Registration
    from .search import ListedMember, Page
    from .second_factor import Enrollment, RememberedBrowser, SecondFactor
    from .service import Accounts
    from .transports import Transport
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error}. Install authdemo[accounts].", name=error.name) from error

add_locales(Path(__file__).parent / "locales")

__all__ = [
    "AccountRejected",
    "Accounts",
    "AccountsUnavailable",
    "Enrollment",
    "LinkRejected",
    "ListedMember",
    "MailRejected",
    "MailUnavailable",
    "Member",
    "Page",
    "Passkeys",
    "PendingMixin",
    "Registration",
    "RegistrationMixin",
    "RememberedBrowser",
    "SecondFactor",
    "Transport",
    "email_card",
    "forgot_form",
    "register",
    "register_form",
    "reset_form",
    "sign_in_link_form",
    "verify_form",
]
