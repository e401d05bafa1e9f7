"""The sessions of the app that runs in this process."""

from __future__ import annotations

from ..core.errors import ConfigurationError
from .auth import Auth

_installed: list[Auth] = []


def current_auth_or_none() -> Auth | None:
    """Find the app's sessions, or None if it has none (yet)."""
    return _installed[0] if _installed else None


def remember(auth: Auth) -> None:
    """Remember an app's sessions, so that the package's own event handlers find them."""
    _installed[:] = [auth]


def installed() -> Auth:
    """Find the app's sessions."""
    if not _installed:
        raise ConfigurationError("This app has no sessions. Add SessionsPlugin to its rxconfig.py.")
    return _installed[0]
