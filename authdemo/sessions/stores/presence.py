"""Which tabs are open on an app's other workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

Tabs: TypeAlias = Mapping[str, list[str]]
"""The names of open tabs, by session id."""

REFRESH_SECONDS = 5.0
"""How often a worker says that its tabs are still open."""

FORGET_SECONDS = 3 * REFRESH_SECONDS
"""When the tabs of a worker that says nothing any more are taken for closed."""


class Presence(Protocol):
    """What an app's workers tell each other of their open tabs.

    Nothing here decides anything: who has which tab open is shown to its user, and
    when it can't be had it isn't shown.

    Attributes:
        is_shared: Whether there can be other workers.
    """

    is_shared: bool

    async def say(self, user_id: str, tabs: Tabs) -> None:
        """Tell the others of all tabs that a user has open here.

        Args:
            user_id: The user.
            tabs: The tabs; none if the last one was closed.
        """

    async def elsewhere(self, user_id: str) -> Tabs:
        """Ask which tabs a user has open on other workers.

        Args:
            user_id: The user.

        Returns:
            The tabs.
        """

    async def close(self) -> None:
        """Let go of everything."""


class NobodyElse:
    """A `Presence` for an app that runs as one process."""

    is_shared = False

    async def say(self, user_id: str, tabs: Tabs) -> None:
        """Do nothing; there is nobody to tell."""

    async def elsewhere(self, user_id: str) -> Tabs:  # noqa: ARG002
        """Know of no other tabs."""
        return {}

    async def close(self) -> None:
        """Do nothing."""
