"""What goes on in the background for as long as an app runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial

from ..core.basics.background import in_background
from ..core.errors import StoreUnavailable
from ..core.lifecycle.sessions import Sessions
from ..setup.auth import AuthCore
from .tabs.live import Live
from .tabs.overviews import Overviews

_SWEEP_SECONDS = 60


@contextlib.asynccontextmanager
async def running(auth: AuthCore, live: Live, overviews: Overviews) -> AsyncIterator[None]:
    """Keep the store open and swept, and everyone told.

    Args:
        auth: The app's sessions.
        live: Keeps the tabs in step.
        overviews: Shows users all of their sessions.

    Yields:
        While all of it runs.
    """
    await auth.sessions.store.open()
    feed = auth.sessions.feed
    stops = [feed.subscribe(live.hear), feed.subscribe(overviews.hear)]
    sweep = partial(_sweep, auth.sessions)
    try:
        async with (
            auth.trail.kept(),
            in_background({"sweep": sweep, "overview of tabs": overviews.run}),
            auth.relay.connected(feed, catch_up=live.catch_up),
        ):
            yield
    finally:
        for stop in stops:
            stop()
        await live.rest()
        await auth.presence.close()
        await auth.sessions.store.close()


async def _sweep(sessions: Sessions) -> None:
    while True:
        with contextlib.suppress(StoreUnavailable):
            await sessions.sweep()
        await asyncio.sleep(_SWEEP_SECONDS)
