"""Accounts with passwords, for apps that have no users of their own; nothing else here needs them.

Install them with `pip install 'authdemo[accounts]'`.
"""

from __future__ import annotations

from .errors import AccountRefused, TooManyRegistrations
from .form import register_form, sign_up
from .member import Member
from .rules import Registration
from .service import Accounts

__all__ = [
    "AccountRefused",
    "Accounts",
    "Member",
    "Registration",
    "TooManyRegistrations",
    "register_form",
    "sign_up",
]
