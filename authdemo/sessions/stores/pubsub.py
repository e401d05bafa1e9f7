"""How the workers of an app reach each other by Redis: its pub/sub, and a hash for each user."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property, partial
from typing import Literal, TypeAlias, TypeVar, cast

from pydantic import BaseModel, ValidationError
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
from .redis import FAILURES, connect

logger = logging.getLogger("authdemo.sessions")

Tabs: TypeAlias = Mapping[str, list[str]]
"""The names of open tabs, by session id."""

REFRESH_SECONDS = 5.0
"""How often a worker publishes its open tabs again."""

_TABS_EXPIRE = 3 * REFRESH_SECONDS
"""When the tabs of a worker that publishes nothing any more count as closed."""

_FLUSH_SECONDS = 1.0
_HEARTBEAT = 5.0
_RETRY_SECONDS = 0.5

_Model = TypeVar("_Model", bound=BaseModel)
_NOTICES = {
    each.__name__: each for each in (SessionBegan, SessionEnded, TabsChanged, BrowserSignedIn)
}


class _Message(BaseModel):
    """A notice on its way to the other workers.

    It only says where to look: a worker that gets it asks the store.
    """

    sender: str
    kind: Literal[
        "SessionBegan", "SessionChanged", "SessionEnded", "TabsChanged", "BrowserSignedIn"
    ]
    sid: str = ""
    reason: EndReason = "revoked"
    browser: str = ""
    user_id: str = ""


class _OpenTabs(BaseModel):
    """One user's open tabs on one worker, and until when that counts."""

    until: float
    tabs: dict[str, list[str]]


@dataclass(eq=False)
class RedisRelay:
    """Joins an app's workers: each gets the others' notices, and can find their open tabs.

    It connects again by itself. Open tabs decide nothing: while Redis is away, those of other
    workers aren't shown.
    """

    url: str
    name: str
    find: Callable[[str], Awaitable[SessionRecord | None]]
    _redis: Redis = field(init=False)
    _arriving: Notice | None = field(default=None, init=False)
    _trouble: LogOnce = field(
        default_factory=lambda: LogOnce(
            "Redis can't be reached; sessions wait for it.", "Redis is back.", logging.WARNING
        ),
        init=False,
    )

    def __post_init__(self) -> None:
        self._redis = connect(self.url)

    async def close(self) -> None:
        await self._redis.aclose()

    @contextlib.asynccontextmanager
    async def connected(self, feed: Feed, *, catch_up: Callable[[], None]) -> AsyncIterator[None]:
        """Join a worker's feed with the others'; `catch_up` is called when notices were missed."""
        outbox: asyncio.Queue[Notice] = asyncio.Queue()

        def post(notice: Notice) -> None:
            if notice is not self._arriving:
                outbox.put_nowait(notice)

        unsubscribe = feed.subscribe(post)
        publish = partial(self._publish, outbox)
        subscribe = partial(self._subscribe, feed, catch_up)
        try:
            async with in_background(
                {"relay to workers": publish, "relay from workers": subscribe}
            ):
                yield
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(outbox.join(), _FLUSH_SECONDS)
        finally:
            unsubscribe()

    async def publish_tabs(self, user_id: str, tabs: Tabs) -> None:
        """Publish all tabs that a user has open on this worker; none after the last is closed."""
        key = self._tabs(user_id)
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
        """Find the tabs that a user has open on other workers."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        try:
            published = await cast(
                "Awaitable[dict[str, str]]", self._redis.hgetall(self._tabs(user_id))
            )
        except FAILURES:
            return found
        for worker, text in published.items():
            open_tabs = _read(_OpenTabs, text)
            if worker != self._worker and open_tabs is not None and open_tabs.until > time.time():
                for sid, names in open_tabs.tabs.items():
                    found[sid] += names
        return found

    @cached_property
    def _worker(self) -> str:
        """This worker's name, made at its first use: its app may be another process's fork."""
        return new_id()

    @property
    def _channel(self) -> str:
        return f"{self.name}:notices"

    def _tabs(self, user_id: str) -> str:
        return f"{self.name}:tabs:{user_id}"

    async def _publish(self, outbox: asyncio.Queue[Notice]) -> None:
        """Publish every notice, however long Redis is away."""
        while True:
            text = self._message(await outbox.get()).model_dump_json()
            while True:
                try:
                    await self._redis.publish(self._channel, text)
                    outbox.task_done()
                    break
                except FAILURES:
                    await asyncio.sleep(_RETRY_SECONDS)

    async def _subscribe(self, feed: Feed, catch_up: Callable[[], None]) -> None:
        while True:
            try:
                async with self._redis.pubsub() as inbox:
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
        message = _read(_Message, text)
        if message is None:
            logger.warning("A notice of another worker can't be read; it is ignored.")
        elif message.sender != self._worker:
            self._arriving = await self._notice(message)
            if self._arriving is not None:
                feed.publish(self._arriving)

    def _message(self, notice: Notice) -> _Message:
        details = (
            {"sid": notice.record.id} if isinstance(notice, SessionChanged) else asdict(notice)
        )
        names = {"sender": self._worker, "kind": type(notice).__name__}
        return _Message.model_validate(names | details)

    async def _notice(self, message: _Message) -> Notice | None:
        if message.kind == "SessionChanged":
            record = await self.find(message.sid)
            return SessionChanged(record, {}) if record else None
        kind = _NOTICES[message.kind]
        return kind(**{each.name: getattr(message, each.name) for each in fields(kind)})


def _read(model: type[_Model], text: str) -> _Model | None:
    try:
        return model.model_validate_json(text)
    except ValidationError:
        return None
