"""What the workers of one app publish to each other: what happens to sessions, and open tabs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol, TypeAlias

from ..core.events import Feed

Tabs: TypeAlias = Mapping[str, list[str]]
"""The names of open tabs, by session id."""

REFRESH_SECONDS = 5.0
"""How often a worker publishes its open tabs again."""


class Relay(Protocol):
    """Joins the feeds of an app's workers."""

    def connected(
        self, feed: Feed, *, catch_up: Callable[[], None]
    ) -> AbstractAsyncContextManager[None]:
        """Join a worker's feed with the others' for a while.

        Args:
            feed: Its notices reach the other feeds, and theirs reach it.
            catch_up: Is called when notices may have been missed; it must not block.
        """


class Presence(Protocol):
    """Which tabs are open on an app's workers.

    It decides nothing: tabs are shown to their user, or not if they aren't known.

    Attributes:
        is_shared: Whether there can be other workers.
    """

    is_shared: bool

    async def publish(self, user_id: str, tabs: Tabs) -> None:
        """Publish all tabs that a user has open on this worker; none after the last is closed."""

    async def remote_tabs(self, user_id: str) -> Tabs:
        """Find the tabs that a user has open on other workers."""

    async def close(self) -> None:
        """Close the connections."""


class NullRelay:
    """A `Relay` for an app that runs as one process."""

    def connected(
        self,
        feed: Feed,  # noqa: ARG002
        *,
        catch_up: Callable[[], None],  # noqa: ARG002
    ) -> AbstractAsyncContextManager[None]:
        """Do nothing."""
        return nullcontext()


class NullPresence:
    """A `Presence` for an app that runs as one process."""

    is_shared = False

    async def publish(self, user_id: str, tabs: Tabs) -> None:
        """Do nothing."""

    async def remote_tabs(self, user_id: str) -> Tabs:  # noqa: ARG002
        """Find none."""
        return {}

    async def close(self) -> None:
        """Do nothing."""
