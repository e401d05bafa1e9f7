"""The sessions of the app that runs in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reflex.utils.exceptions import ReflexRuntimeError
from reflex_base.registry import RegistrationContext

from ..core.errors import ConfigurationError

if TYPE_CHECKING:
    from .auth import Auth

_installed: list[Auth] = []


class InstallsSessions:
    """What a plugin is that installs an app's sessions."""


def check_plugged_in() -> None:
    """Check that an app will have sessions, if its configuration is known by now.

    Raises:
        ConfigurationError: If the configuration lacks the plugin.
    """
    try:
        config = RegistrationContext.get().config
    except (LookupError, ReflexRuntimeError):
        return
    name = config.app_name
    if name and not any(isinstance(each, InstallsSessions) for each in config.plugins):
        raise ConfigurationError(
            "rxconfig.py has no SessionsPlugin, so nothing would be protected. Add it to "
            f'`plugins`, like SessionsPlugin("{name}.{name}:auth").'
        )


def whoever_is_installed() -> Auth | None:
    """Find the app's sessions, or None if it has none (yet)."""
    return _installed[0] if _installed else None


def install(auth: Auth) -> None:
    """Remember an app's sessions, so that the package's own event handlers find them.

    Args:
        auth: The sessions.
    """
    _installed[:] = [auth]


def installed() -> Auth:
    """Find the app's sessions.

    Returns:
        The sessions.

    Raises:
        ConfigurationError: If the app has none.
    """
    if not _installed:
        raise ConfigurationError("This app has no sessions. Add SessionsPlugin to its rxconfig.py.")
    return _installed[0]
