"""What the tests of an app need: people who are signed in, tabs, a clock that stands still.

Nothing of it is imported by the package itself, and it opens no door: it signs people in with the
app's own secret and store, which only a test has. `pip install 'authdemo[testing]'` brings what it
needs, and makes the fixtures of `authdemo.pytest_plugin` known to pytest.
"""

from __future__ import annotations

from authdemo.forgery import FORGERIES, RealToken

from .browser import Browser, set_cookies
from .server import Server, free_port, serving
from .thread import FrozenClock, wait_until

try:
    from .app import RunningApp, running_app
    from .tab import Tab, two_tabs
except ModuleNotFoundError as missing:
    raise ImportError(
        f"The testing kit needs {missing.name}. Install it: pip install 'authdemo[testing]'"
    ) from missing

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
