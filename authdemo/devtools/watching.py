"""The events by which a tab says that it shows its user's sessions."""

from __future__ import annotations

import reflex as rx

from authdemo.sessions.reflex.installed import installed


class WatchingState(rx.State):
    """Takes the events of a tab that inspects."""

    @rx.event
    async def watch(self) -> None:
        """Show the overview, and keep it in step from now on."""
        await installed().overviews.watch(self, is_watching=True)

    @rx.event
    async def leave(self) -> None:
        """Stop: the page is gone."""
        await installed().overviews.watch(self, is_watching=False)
