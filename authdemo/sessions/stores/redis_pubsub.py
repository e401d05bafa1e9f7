"""How the workers of one app reach each other by Redis: its pub/sub, and a hash for each user."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Literal, TypeAlias, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from ..core.errors import StoreUnavailable
from ..core.events import (
    BrowserSignedIn,
    EndReason,
    Feed,
    Notice,
    SessionBegan,
    SessionChanged,
    SessionEnded,
    TabsChanged,
)
from ..core.record import SessionRecord
from ..core.utils import LogOnce, in_background, new_id
from .pubsub import REFRESH_SECONDS, Tabs
from .redis import FAILURES, connect

logger = logging.getLogger("authdemo.sessions")

_HEARTBEAT = 5.0
_RETRY_SECONDS = 0.5
_TABS_EXPIRE = 3 * REFRESH_SECONDS
"""When the tabs of a worker that publishes nothing any more count as closed."""

_Hash: TypeAlias = Awaitable[dict[str, str]]
_Model = TypeVar("_Model", bound=BaseModel)


class Message(BaseModel):
    """A notice on its way to the other workers.

    It only says where to look: a worker that gets it asks the store.

    Attributes:
        sender: The worker that it comes from.
        kind: What happened.
        sid: The session, if it is about one.
        reason: Why the session ended, if it did.
        browser: The browser, if a user signed in with it.
        user_id: The user, if it is about one.
    """

    model_config = ConfigDict(frozen=True)

    sender: str
    kind: Literal["began", "changed", "ended", "tabs", "signed-in"]
    sid: str = ""
    reason: EndReason = "revoked"
    browser: str = ""
    user_id: str = ""


class _OpenTabs(BaseModel):
    """One user's open tabs on one worker, and until when that counts."""

    until: float
    tabs: dict[str, list[str]]


@dataclass
class RedisRelay:
    """A `Relay` by Redis pub/sub, which connects again by itself.

    Attributes:
        url: Where Redis is.
        name: The app's name; its workers share it.
        find: Finds a session in the store.
    """

    url: str
    name: str
    find: Callable[[str], Awaitable[SessionRecord | None]]
    _arriving: Notice | None = field(default=None, init=False)
    _trouble: LogOnce = field(
        default_factory=lambda: LogOnce(
            "Redis can't be reached; sessions wait for it.", "Redis is back.", logging.WARNING
        ),
        init=False,
    )

    @contextlib.asynccontextmanager
    async def connected(self, feed: Feed, *, catch_up: Callable[[], None]) -> AsyncIterator[None]:
        """Join a feed with the other workers' feeds."""
        redis = connect(self.url)
        outbox: asyncio.Queue[Message] = asyncio.Queue()

        def post(notice: Notice) -> None:
            if notice is not self._arriving:
                outbox.put_nowait(self._message(notice))

        unsubscribe = feed.subscribe(post)
        publish = partial(self._publish, redis, outbox)
        subscribe = partial(self._subscribe, redis, feed, catch_up)
        try:
            async with in_background(
                {"relay to workers": publish, "relay from workers": subscribe}
            ):
                yield
        finally:
            unsubscribe()
            await redis.aclose()

    @property
    def _channel(self) -> str:
        return f"{self.name}:notices"

    @cached_property
    def _worker(self) -> str:
        """This worker's name, made at its first use: its app may be another process's fork."""
        return new_id()

    async def _publish(self, redis: Redis, outbox: asyncio.Queue[Message]) -> None:
        """Publish every message, however long Redis is away."""
        while True:
            text = (await outbox.get()).model_dump_json()
            while True:
                try:
                    await redis.publish(self._channel, text)
                    break
                except FAILURES:
                    await asyncio.sleep(_RETRY_SECONDS)

    async def _subscribe(self, redis: Redis, feed: Feed, catch_up: Callable[[], None]) -> None:
        while True:
            try:
                async with redis.pubsub() as inbox:
                    await inbox.subscribe(self._channel)
                    await self._receive(inbox, feed, catch_up)
            except (*FAILURES, StoreUnavailable) as error:
                self._trouble.failed(error)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _receive(self, inbox: PubSub, feed: Feed, catch_up: Callable[[], None]) -> None:
        """Deliver messages until the connection is lost; a Redis that doesn't answer is lost."""
        has_pinged = False
        while True:
            received = await inbox.get_message(timeout=_HEARTBEAT)
            if received is None:
                if has_pinged:
                    raise TimeoutError("Redis is silent.")
                await inbox.ping()
                has_pinged = True
                continue
            has_pinged = False
            if received["type"] == "subscribe":
                self._trouble.recovered()
                catch_up()
            elif received["type"] == "message":
                await self._deliver(received["data"], feed)

    async def _deliver(self, text: str, feed: Feed) -> None:
        message = _read(Message, text)
        if message is None:
            logger.warning("A notice of another worker can't be read; it is ignored.")
        elif message.sender != self._worker:
            self._arriving = await self._notice(message)
            if self._arriving is not None:
                feed.publish(self._arriving)

    async def _notice(self, message: Message) -> Notice | None:
        match message.kind:
            case "began":
                return SessionBegan(message.user_id)
            case "tabs":
                return TabsChanged(message.user_id)
            case "ended":
                return SessionEnded(message.sid, message.reason, message.user_id)
            case "signed-in":
                return BrowserSignedIn(message.browser)
            case "changed":
                record = await self.find(message.sid)
                return SessionChanged(record, {}) if record else None

    def _message(self, notice: Notice) -> Message:
        message = partial(Message, sender=self._worker)
        match notice:
            case SessionChanged(record=record):
                return message(kind="changed", sid=record.id)
            case SessionEnded(sid=sid, reason=reason, user_id=user):
                return message(kind="ended", sid=sid, reason=reason, user_id=user)
            case SessionBegan(user_id=user):
                return message(kind="began", user_id=user)
            case TabsChanged(user_id=user):
                return message(kind="tabs", user_id=user)
            case BrowserSignedIn(browser=browser):
                return message(kind="signed-in", browser=browser)


class RedisPresence:
    """A `Presence` by one hash for each user, with a field for each worker."""

    is_shared = True

    def __init__(self, url: str, *, name: str) -> None:
        """Make it; it connects when it is first used."""
        self._redis: Redis = connect(url)
        self._name = name

    async def publish(self, user_id: str, tabs: Tabs) -> None:
        """Publish this worker's tabs; while Redis is away nothing is published."""
        key = self._key(user_id)
        own = _OpenTabs(until=time.time() + _TABS_EXPIRE, tabs=dict(tabs))
        with contextlib.suppress(*FAILURES):
            async with self._redis.pipeline(transaction=True) as pipe:
                if tabs:
                    pipe.hset(key, self._worker, own.model_dump_json())
                    pipe.expire(key, int(_TABS_EXPIRE))
                else:
                    pipe.hdel(key, self._worker)
                await pipe.execute()

    async def remote_tabs(self, user_id: str) -> Tabs:
        """Find the other workers' tabs; none while Redis is away."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        try:
            published = await cast("_Hash", self._redis.hgetall(self._key(user_id)))
        except FAILURES:
            return found
        for worker, text in published.items():
            open_tabs = _read(_OpenTabs, text)
            if worker != self._worker and open_tabs is not None and open_tabs.until > time.time():
                for sid, names in open_tabs.tabs.items():
                    found[sid] += names
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    @cached_property
    def _worker(self) -> str:
        """This worker's name; see `RedisRelay`."""
        return new_id()

    def _key(self, user_id: str) -> str:
        return f"{self._name}:tabs:{user_id}"


def _read(model: type[_Model], text: str) -> _Model | None:
    try:
        return model.model_validate_json(text)
    except ValidationError:
        return None
