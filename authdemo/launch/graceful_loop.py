"""What a worker does before its server stops: it takes leave of the tabs.

A socket that still waits for its tab when Granian ends is torn down without Python's lock, and
leaves a panic in the log ("Cannot drop pointer into Python heap without the thread being
attached"). So the tasks that use a socket are cancelled first, which closes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVarTuple

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Ts = TypeVarTuple("Ts")

GOING_AWAY = 1001
"""RFC 6455, section 7.4.1."""

TIMEOUT = 1.0
"""Seconds that an app has to end what it says through sockets."""


@dataclass(eq=False)
class OpenSockets:
    """Knows who talks through the sockets of an app."""

    _talks: set[asyncio.Task[Any]] = field(default_factory=set, init=False)
    _is_leaving: bool = field(default=False, init=False)

    def of(self, app: ASGIApp) -> ASGIApp:
        """Stand in front of an app, to know its sockets.

        Args:
            app: The app.

        Returns:
            Both.
        """

        async def passing(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "websocket":
                await app(scope, receive, send)
            elif self._is_leaving:
                await send({"type": "websocket.close", "code": GOING_AWAY})
            else:
                await self._known(app(scope, receive, send))

        return passing

    async def close(self) -> None:
        """Close all of them, and let none be opened any more."""
        self._is_leaving = True
        for talk in self._talks:
            talk.cancel()
        if self._talks:
            await asyncio.wait(tuple(self._talks), timeout=TIMEOUT)

    async def _known(self, talk: Awaitable[None]) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server has a task for each
        self._talks.add(task)
        try:
            await talk
        except asyncio.CancelledError:
            if not self._is_leaving:
                raise
        finally:
            self._talks.discard(task)


class GracefulLoop(asyncio.SelectorEventLoop):
    """An event loop on which something is done before a signal is heard."""

    def __init__(self, leave: Callable[[], Awaitable[None]]) -> None:
        """Make a loop, and make it the thread's own.

        Args:
            leave: What is done first, once.
        """
        super().__init__()
        asyncio.set_event_loop(self)
        self._leave = leave
        self._leaving: asyncio.Task[None] | None = None

    def add_signal_handler(self, sig: int, callback: Callable[[*Ts], object], *args: *Ts) -> None:
        """Have a function called when a signal came, after what is done before.

        Args:
            sig: The signal.
            callback: The function.
            *args: What it gets.
        """
        super().add_signal_handler(sig, self._hear, partial(callback, *args))

    def _hear(self, callback: Callable[[], object]) -> None:
        self._leaving = self._leaving or self.create_task(self._leave_before(callback))

    async def _leave_before(self, callback: Callable[[], object]) -> None:
        try:
            await self._leave()
        finally:
            callback()
