"""The accounts of the running app, for the forms that are ready to use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authdemo.sessions import ConfigurationError

if TYPE_CHECKING:
    from .service import Accounts

_attached: list[Accounts] = []


def remember(accounts: Accounts) -> None:
    """Remember an app's accounts."""
    _attached[:] = [accounts]


def installed() -> Accounts:
    """Find the running app's accounts.

    Raises:
        ConfigurationError: If there are none.
    """
    if not _attached:
        raise ConfigurationError("A page needs accounts. Call accounts.attach(auth) in the app.")
    return _attached[0]
