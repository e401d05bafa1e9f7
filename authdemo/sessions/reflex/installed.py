"""The sessions of the running app, for what the package itself adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from reflex.state import BaseState

from ..core.errors import ConfigurationError
from .compat import CompileContext, environment, is_prod_mode

_installed: list[Any] = []


def remember(auth: Any) -> None:
    """Remember an app's `Auth`, so that the package's own event handlers find it."""
    _installed[:] = [auth]


def installed() -> Any:
    if not _installed:
        raise ConfigurationError("This app has no sessions. Add SessionsPlugin to its rxconfig.py.")
    return _installed[0]


def is_installed(value: object) -> bool:
    """Tell whether something reads the sessions of the running app."""
    auths = ((auth, auth.current, type(auth)) for auth in _installed)
    return any(value is each for auth in auths for each in auth)


def _engine() -> Any:
    return _installed[0].engine if _installed else None


def _isolation() -> Any:
    engine = _engine()
    return engine.installation.isolation if engine and engine.is_installed else None


def others_serve_pages() -> bool:
    """Tell whether the pages that are built are for another server: Reflex's own, or any other."""
    if environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.get():
        return False
    return (
        not is_prod_mode()
        or environment.REFLEX_COMPILE_CONTEXT.get() is CompileContext.EXPORT
        or environment.REFLEX_FRONTEND_ONLY.get()
        or environment.REFLEX_BACKEND_ONLY.get()
    )


def computing(state: BaseState) -> AbstractContextManager[None]:
    """Compute what changes in a tab for the tab's owner."""
    isolation = _isolation()
    return isolation.computing(state) if isolation else nullcontext()


def withheld(state: BaseState, is_sent: Callable[[str], bool]) -> Iterator[str]:
    """List the vars that are being sent to a tab whose session may not see them."""
    engine, isolation = _engine(), _isolation()
    rules = engine.guards.of_vars(type(state)) if engine else {}
    session = isolation.viewer(state) if isolation and rules else None
    for name, rule in rules.items():
        if is_sent(name) and not rule.allows(session, engine.clock):
            yield name
