"""A tab that shows its user's sessions and their changes."""

from __future__ import annotations

from typing import Any

from tests.support.tab import DEVTOOLS_STATE, Tab


class Inspector:
    """Watches the sessions, and reads what the tab was sent."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        tab.call(f"{DEVTOOLS_STATE}.watch")

    @property
    def sessions(self) -> list[dict[str, Any]]:
        return self.tab.var(DEVTOOLS_STATE, "sessions") or []

    @property
    def changes(self) -> list[dict[str, Any]]:
        return self.tab.var(DEVTOOLS_STATE, "changes") or []

    def own(self) -> dict[str, Any]:
        return next(session for session in self.sessions if session["current"])

    @property
    def tabs(self) -> list[str]:
        return [name for each in self.sessions if each["current"] for name in each["tabs"]]

    def others(self) -> list[dict[str, Any]]:
        return [session for session in self.sessions if not session["current"]]
