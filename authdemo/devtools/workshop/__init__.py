"""Try to break it: altered requests to this very server, and what it answers.

Only an app that imports this has the event handlers behind it.
"""

from __future__ import annotations

from .component import workshop

__all__ = ["workshop"]
