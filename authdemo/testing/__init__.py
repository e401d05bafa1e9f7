"""The test kit of apps: signed-in users, tabs, a clock that stands still, a server.

Production code never imports it. It signs users in with the app's own secret and store, which only
a test has. Install it with `pip install 'authdemo[testing]'`.
"""

from __future__ import annotations

from authdemo.forgery import FORGERIES, RealToken

try:
    from .app import RunningApp, running_app
    from .browser import Browser, set_cookies
    from .server import Server, free_port, serving
    from .tab import Tab, two_tabs
    from .thread import FrozenClock, wait_until
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error}. Install authdemo[testing].", name=error.name) from error

__all__ = [
    "FORGERIES",
    "Browser",
    "FrozenClock",
    "RealToken",
    "RunningApp",
    "Server",
    "Tab",
    "free_port",
    "running_app",
    "serving",
    "set_cookies",
    "two_tabs",
    "wait_until",
]
