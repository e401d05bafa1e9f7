"""How the workers of one app hear of each other's sessions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol

from ..core.events import Feed


class Relay(Protocol):
    """Joins the feeds of an app's workers."""

    def connected(
        self, feed: Feed, *, catch_up: Callable[[], None]
    ) -> AbstractAsyncContextManager[None]:
        """Join a worker's feed with the others' for a while.

        Args:
            feed: Its notices reach the other feeds, and theirs reach it.
            catch_up: Is called when notices may have been missed; it must not block.

        Returns:
            A context in which the feeds are joined.
        """


class Alone:
    """A `Relay` for an app that runs as one process: there is nobody to tell."""

    def connected(
        self,
        feed: Feed,  # noqa: ARG002
        *,
        catch_up: Callable[[], None],  # noqa: ARG002
    ) -> AbstractAsyncContextManager[None]:
        """Do nothing; see `Relay.connected`."""
        return nullcontext()
