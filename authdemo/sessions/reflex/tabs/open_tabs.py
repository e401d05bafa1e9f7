"""The open tabs of each user, on all workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from ...core.events import TabsChanged
from ...engine import AuthCore
from ...http.sockets.connections import Connections
from ...stores.pubsub import REFRESH_SECONDS, Tabs
from .push import Coalescing


@dataclass(eq=False)
class OpenTabs:
    """Publishes the tabs that are open on this worker, and knows those of the others."""

    auth: AuthCore
    connections: Connections
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    _reports: Coalescing[str] = field(init=False)

    def __post_init__(self) -> None:
        """Follow the tabs of this worker."""
        self._reports = Coalescing(self._report, spawn=self.spawn)
        self.connections.tabs_changed = self._reports.request

    async def of(self, user_id: str) -> Tabs:
        """List the names of a user's open tabs, by session id."""
        tabs = self.connections.tabs_of(user_id)
        if relay := self.auth.relay:
            for sid, names in (await relay.remote_tabs(user_id)).items():
                tabs[sid] = [*tabs.get(sid, []), *names]
        return tabs

    async def run(self) -> None:
        """Publish the tabs of this worker again and again, if there can be others."""
        while self.auth.relay:
            await asyncio.sleep(REFRESH_SECONDS)
            for user_id in self.connections.users():
                await self._publish(user_id)

    async def _publish(self, user_id: str) -> None:
        if self.auth.relay:
            await self.auth.relay.publish_tabs(user_id, self.connections.tabs_of(user_id))

    async def _report(self, user_id: str) -> None:
        await self._publish(user_id)
        self.auth.sessions.feed.publish(TabsChanged(user_id))
