"""Which tabs are open on an app's other workers, by Redis."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Awaitable
from functools import cached_property
from typing import TypeAlias, cast

from pydantic import BaseModel, ValidationError
from redis.asyncio import Redis

from ..core.utils import new_id
from .presence import FORGET_SECONDS, Tabs
from .redis import FAILURES, connect

_Reports: TypeAlias = Awaitable[dict[str, str]]


class _Report(BaseModel):
    """What one worker says of one user's tabs, and until when it can be believed."""

    until: float
    tabs: dict[str, list[str]]


class RedisPresence:
    """A `Presence` by one hash for each user, with a field for each worker."""

    is_shared = True

    def __init__(self, url: str, *, name: str) -> None:
        """Make it; nothing is opened yet.

        Args:
            url: Where Redis is.
            name: The app's name; its workers share it.
        """
        self._redis: Redis = connect(url)
        self._name = name

    async def say(self, user_id: str, tabs: Tabs) -> None:
        """Tell the others; see `Presence.say`. While Redis is away they don't hear it."""
        key = self._key(user_id)
        report = _Report(until=time.time() + FORGET_SECONDS, tabs=dict(tabs))
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                if tabs:
                    pipe.hset(key, self._me, report.model_dump_json())
                    pipe.expire(key, int(FORGET_SECONDS))
                else:
                    pipe.hdel(key, self._me)
                await pipe.execute()
        except FAILURES:
            return

    async def elsewhere(self, user_id: str) -> Tabs:
        """Ask what the others said; see `Presence.elsewhere`. Nothing while Redis is away."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        try:
            reports = await cast("_Reports", self._redis.hgetall(self._key(user_id)))
        except FAILURES:
            return found
        for worker, text in reports.items():
            report = _read(text)
            if worker != self._me and report is not None and report.until > time.time():
                for sid, names in report.tabs.items():
                    found[sid] += names
        return found

    async def close(self) -> None:
        """Let go of the connections."""
        await self._redis.aclose()

    @cached_property
    def _me(self) -> str:
        """This worker's name, made where it is first used: its app may be another process' fork."""
        return new_id()

    def _key(self, user_id: str) -> str:
        return f"{self._name}:tabs:{user_id}"


def _read(text: str) -> _Report | None:
    try:
        return _Report.model_validate_json(text)
    except ValidationError:
        return None
