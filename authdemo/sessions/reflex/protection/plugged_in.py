"""Whether an app's configuration has what installs its sessions."""

from __future__ import annotations

from reflex.utils.exceptions import ReflexRuntimeError
from reflex_base.registry import RegistrationContext

from ...core.errors import ConfigurationError


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
