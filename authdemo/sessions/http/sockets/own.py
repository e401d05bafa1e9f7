"""The app's own sockets, which close when their session ends."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from ...core.errors import StoreUnavailable
from ...core.events import Notice, SessionChanged, SessionEnded
from ..context import RequestContext

SESSION_ENDED = 4401
"""The close code of a socket whose session has ended."""

_MAX_WAIT = 86_400.0
_RETRY_SECONDS = 1.0


class SocketRequest(Protocol):
    """The handshake of a socket."""

    context: RequestContext
    is_ended: bool

    def is_allowed(self) -> Awaitable[float | None]:
        """Tell for how many seconds the socket may stay open; None if not at all."""


@dataclass(eq=False)
class OwnSocket:
    """One open socket with a session."""

    request: SocketRequest
    receive_message: Receive
    send_message: Send
    _revoked: asyncio.Future[None] = field(default_factory=asyncio.Future)
    _recheck: asyncio.Event = field(default_factory=asyncio.Event)
    _is_closed: bool = False
    _is_receiving: bool = False

    @property
    def is_revoked(self) -> bool:
        return self._revoked.done()

    def recheck(self) -> None:
        self._recheck.set()

    async def watch(self) -> None:
        """Close the socket once its session has ended or lost its rights."""
        while (wait := await self._seconds_left()) is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(wait + 1.0, _MAX_WAIT)):
                    await self._recheck.wait()
            self._recheck.clear()
        if self._is_closed:
            return
        self._revoked.set_result(None)
        if not self._is_receiving:
            await self._send_close()

    async def receive(self) -> Message:
        """Receive a message, or that the session has ended."""
        receiving = asyncio.ensure_future(self.receive_message())
        self._is_receiving = True
        try:
            either: set[asyncio.Future[Any]] = {receiving, self._revoked}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if receiving.done():
                message = receiving.result()
                self._is_closed = message["type"] == "websocket.disconnect"
                return message
        finally:
            receiving.cancel()
            self._is_receiving = False
        await asyncio.wait({receiving})  # Granian closes no socket that still receives
        await self._send_close()
        return {"type": "websocket.disconnect", "code": SESSION_ENDED}

    async def send(self, message: Message) -> None:
        """Send a message, unless the session has ended."""
        if self.is_revoked:
            raise OSError("The session of this socket has ended.")
        self._is_closed = message["type"] == "websocket.close"
        await self.send_message(message)

    async def _send_close(self) -> None:
        with suppress(OSError, RuntimeError):  # the client has left meanwhile
            await self.send_message({"type": "websocket.close", "code": SESSION_ENDED})

    async def _seconds_left(self) -> float | None:
        try:
            return await self.request.is_allowed()
        except StoreUnavailable:
            return _RETRY_SECONDS


@dataclass(frozen=True, eq=False)
class OwnSockets:
    """The open sockets of the app's own routes that have a session."""

    _by_sid: defaultdict[str, set[OwnSocket]] = field(
        default_factory=lambda: defaultdict(set), init=False
    )

    async def serve(
        self, request: SocketRequest, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve a socket for as long as its session lasts."""
        sid = request.context.sid
        if not sid:
            await app(scope, receive, send)
            return
        socket = OwnSocket(request, receive, send)
        self._by_sid[sid].add(socket)
        watching = asyncio.create_task(socket.watch())
        try:
            await app(scope, socket.receive, socket.send)
        except WebSocketDisconnect:
            if not socket.is_revoked:
                raise
        finally:
            watching.cancel()
            self._by_sid[sid].discard(socket)
            if not self._by_sid[sid]:
                del self._by_sid[sid]

    def on_notice(self, notice: Notice) -> None:
        """Check the sockets of a session that has changed or ended."""
        match notice:
            case SessionChanged(record=record):
                sid = record.id
            case SessionEnded(sid=sid):
                pass
            case _:
                return
        for socket in self._by_sid.get(sid, ()):
            socket.request.is_ended |= isinstance(notice, SessionEnded)
            socket.recheck()

    def catch_up(self) -> None:
        """Check all sockets, since notices were missed."""
        for sockets in self._by_sid.values():
            for socket in sockets:
                socket.recheck()
