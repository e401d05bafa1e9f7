"""A tab that shows the overview of its user's sessions."""

from __future__ import annotations

from typing import Any

from tests.support.tab import OVERVIEW_STATE, WATCHING_STATE, Tab


class Inspector:
    """Asks for the overview, and reads what the tab was told."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        tab.call(f"{WATCHING_STATE}.watch")

    @property
    def sessions(self) -> list[dict[str, Any]]:
        return self.tab.var(OVERVIEW_STATE, "sessions") or []

    @property
    def steps(self) -> list[dict[str, Any]]:
        return self.tab.var(OVERVIEW_STATE, "steps") or []

    def own(self) -> dict[str, Any]:
        return next(session for session in self.sessions if session["current"])

    @property
    def tabs(self) -> list[str]:
        return [name for each in self.sessions if each["current"] for name in each["tabs"]]

    def others(self) -> list[dict[str, Any]]:
        return [session for session in self.sessions if not session["current"]]
