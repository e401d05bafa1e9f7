"""How the workers of one app hear of each other's sessions, by Redis."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cached_property, partial
from typing import Literal

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
from ..core.utils import in_background, new_id
from .redis import FAILURES, connect

logger = logging.getLogger("authdemo.sessions")

_HEARTBEAT = 5.0
_PAUSE = 0.5


class Letter(BaseModel):
    """A notice on its way to the other workers.

    It says what to look at, never what is so: who gets it asks the store.

    Attributes:
        sender: The worker that it comes from.
        kind: What happened.
        sid: The session, if it is about one.
        reason: Why the session ended, if it did.
        browser: The browser, if somebody signed in with it.
        user_id: The user, if it is about one.
    """

    model_config = ConfigDict(frozen=True)

    sender: str
    kind: Literal["began", "changed", "ended", "tabs", "signed-in"]
    sid: str = ""
    reason: EndReason = "revoked"
    browser: str = ""
    user_id: str = ""


class RedisRelay:
    """A `Relay` by Redis pub/sub, which connects again by itself."""

    def __init__(
        self,
        url: str,
        *,
        name: str,
        find: Callable[[str], Awaitable[SessionRecord | None]],
    ) -> None:
        """Make a relay; nothing is opened yet.

        Args:
            url: Where Redis is.
            name: The app's name; its workers share it.
            find: Finds a session in the store.
        """
        self._url = url
        self._channel = f"{name}:notices"
        self._find = find
        self._arriving: Notice | None = None
        self._is_lost = False

    @contextlib.asynccontextmanager
    async def connected(self, feed: Feed, *, catch_up: Callable[[], None]) -> AsyncIterator[None]:
        """Join a feed with the other workers' feeds; see `Relay.connected`."""
        redis = connect(self._url)
        outbox: asyncio.Queue[Letter] = asyncio.Queue()

        def post(notice: Notice) -> None:
            if notice is not self._arriving:
                outbox.put_nowait(self._letter(notice))

        stop = feed.subscribe(post)
        send = partial(self._send, redis, outbox)
        receive = partial(self._receive, redis, feed, catch_up)
        try:
            async with in_background({"relay to workers": send, "relay from workers": receive}):
                yield
        finally:
            stop()
            await redis.aclose()

    @cached_property
    def _me(self) -> str:
        """This worker's name, made where it is first used: its app may be another process' fork."""
        return new_id()

    async def _send(self, redis: Redis, outbox: asyncio.Queue[Letter]) -> None:
        """Send every letter, however long Redis is away."""
        while True:
            text = (await outbox.get()).model_dump_json()
            while True:
                try:
                    await redis.publish(self._channel, text)
                    break
                except FAILURES:
                    await asyncio.sleep(_PAUSE)

    async def _receive(self, redis: Redis, feed: Feed, catch_up: Callable[[], None]) -> None:
        while True:
            try:
                async with redis.pubsub() as inbox:
                    await inbox.subscribe(self._channel)
                    await self._listen(inbox, feed, catch_up)
            except (*FAILURES, StoreUnavailable) as error:
                self._lose(error)
                await asyncio.sleep(_PAUSE)

    async def _listen(self, inbox: PubSub, feed: Feed, catch_up: Callable[[], None]) -> None:
        """Deliver letters until the connection is lost, which a silent Redis counts as."""
        is_asked = False
        while True:
            message = await inbox.get_message(timeout=_HEARTBEAT)
            if message is None:
                if is_asked:
                    raise TimeoutError("Redis is silent.")
                await inbox.ping()
                is_asked = True
                continue
            is_asked = False
            if message["type"] == "subscribe":
                self._regain()
                catch_up()
            elif message["type"] == "message":
                await self._deliver(message["data"], feed)

    async def _deliver(self, text: str, feed: Feed) -> None:
        try:
            letter = Letter.model_validate_json(text)
        except ValidationError:
            logger.warning("A notice of another worker can't be read; it is ignored.")
            return
        if letter.sender == self._me:
            return
        self._arriving = await self._notice(letter)
        if self._arriving is not None:
            feed.publish(self._arriving)

    async def _notice(self, letter: Letter) -> Notice | None:
        match letter.kind:
            case "began":
                return SessionBegan(letter.user_id)
            case "tabs":
                return TabsChanged(letter.user_id)
            case "ended":
                return SessionEnded(letter.sid, letter.reason, letter.user_id)
            case "signed-in":
                return BrowserSignedIn(letter.browser)
            case "changed":
                record = await self._find(letter.sid)
                return SessionChanged(record, {}) if record else None

    def _letter(self, notice: Notice) -> Letter:
        match notice:
            case SessionChanged(record=record):
                return Letter(sender=self._me, kind="changed", sid=record.id)
            case SessionEnded(sid=sid, reason=reason, user_id=user):
                return Letter(sender=self._me, kind="ended", sid=sid, reason=reason, user_id=user)
            case SessionBegan(user_id=user):
                return Letter(sender=self._me, kind="began", user_id=user)
            case TabsChanged(user_id=user):
                return Letter(sender=self._me, kind="tabs", user_id=user)
            case BrowserSignedIn(browser=browser):
                return Letter(sender=self._me, kind="signed-in", browser=browser)

    def _lose(self, error: Exception) -> None:
        if not self._is_lost:
            logger.warning("Redis can't be reached; sessions wait for it. (%s)", error)
        self._is_lost = True

    def _regain(self) -> None:
        if self._is_lost:
            logger.info("Redis is back.")
        self._is_lost = False
