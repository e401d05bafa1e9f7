"""What a socket may send: how much, how often, and to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Message, Receive

from ...core.audit import AuditTrail
from ...core.config.settings import Settings
from ...core.limits.buckets import Bucket
from .connections import Connection

TOO_LARGE = 1009
"""The close code of a message that is too big (RFC 6455 section 7.4.1)."""


class SocketLimits:
    """Stands between a socket and the app: slows down who sends too much, and stops junk."""

    def __init__(
        self,
        receive: Receive,
        connection: Connection,
        *,
        settings: Settings,
        trail: AuditTrail,
        is_event: Callable[[str], bool],
    ) -> None:
        """Watch a socket.

        Args:
            receive: What the server receives from it.
            connection: Whose it is.
            settings: The operator's limits.
            trail: Where refusals are noted.
            is_event: Tells whether the app has any use for a message.
        """
        self._receive = receive
        self._connection = connection
        self._settings = settings
        self._trail = trail
        self._is_event = is_event

    async def __call__(self) -> Message:
        """Receive the next message that may pass.

        A tab that sends faster than the operator allows waits for its turn; nobody else does.
        """
        while True:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                return message
            await in_turn(self._connection.pace)
            text = message.get("text") or ""
            if _size(text) > self._settings.event_bytes or message.get("bytes"):
                self._note("TooLarge")
                return {"type": "websocket.disconnect", "code": TOO_LARGE}
            if self._is_event(text):
                return message
            self._note("UnknownEvent")

    def _note(self, reason: str) -> None:
        if self._connection.is_first(reason):
            self._connection.note_refusal(self._trail, reason, path=self._connection.path)


async def in_turn(pace: Bucket) -> None:
    """Wait until a tab may send its next event.

    Args:
        pace: How fast it may.
    """
    if wait := pace.take():
        await asyncio.sleep(wait)
        pace.take()


def _size(text: str) -> int:
    """Count the bytes that a text takes as UTF-8."""
    return len(text) if text.isascii() else len(text.encode())
