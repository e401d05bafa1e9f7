"""Session DevTools: see in any app what its sessions do.

The plugin puts a panel on every page, in development by itself. `inspector()` is the same, as a
page.
"""

from __future__ import annotations

from pathlib import Path

from authdemo.sessions.locales import add_locales

from .component import inspector

add_locales(Path(__file__).parent / "locales" / "button")

__all__ = ["inspector"]
