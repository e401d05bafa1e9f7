"""The sessions of the app that runs in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reflex.state import BaseState

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


def withheld(state: BaseState, is_sent: Callable[[str], bool]) -> Iterator[str]:
    """List the vars that are being sent to a tab whose session may not see them."""
    auth = current_auth_or_none()
    rules = auth.guards.of_vars(type(state)) if auth else {}
    if auth is None or not rules:
        return
    session = auth.session_behind(state)
    for name, rule in rules.items():
        if is_sent(name) and not rule.allows(session, auth.clock):
            yield name
