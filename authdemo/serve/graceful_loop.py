"""Closes a worker's sockets before its server stops.

A socket that still waits for its tab when Granian ends is torn down without Python's lock, and
leaves a panic in the log ("Cannot drop pointer into Python heap without the thread being
attached"). So the tasks that use a socket are cancelled first, which closes it.
"""

from __future__ import annotations

import asyncio
import signal
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
"""Seconds that an app has to close its sockets."""


@dataclass(eq=False)
class OpenSockets:
    """Knows the tasks that use the sockets of an app."""

    _tasks: set[asyncio.Task[Any]] = field(default_factory=set, init=False)
    _is_closing: bool = field(default=False, init=False)

    def of(self, app: ASGIApp) -> ASGIApp:
        """Wrap an app, to know its sockets."""

        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "websocket":
                await app(scope, receive, send)
            elif self._is_closing:
                await send({"type": "websocket.close", "code": GOING_AWAY})
            else:
                await self._tracked(app(scope, receive, send))

        return wrapped

    async def close(self) -> None:
        """Close all sockets, and reject new ones."""
        self._is_closing = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=TIMEOUT)

    async def _tracked(self, socket: Awaitable[None]) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server has a task for each
        self._tasks.add(task)
        try:
            await socket
        except asyncio.CancelledError:
            if not self._is_closing:
                raise
        finally:
            self._tasks.discard(task)


class GracefulLoop(asyncio.SelectorEventLoop):
    """An event loop that runs something before it handles a signal."""

    def __init__(self, before_stop: Callable[[], Awaitable[None]]) -> None:
        """Make the thread's loop; `before_stop` runs once."""
        super().__init__()
        asyncio.set_event_loop(self)
        self._before_stop = before_stop
        self._stop_task: asyncio.Task[None] | None = None

    def add_signal_handler(self, sig: int, callback: Callable[[*Ts], object], *args: *Ts) -> None:
        """Call a function after a signal, once `before_stop` has run.

        Ctrl-C reaches a worker and its supervisor at once, and stays the supervisor's: it takes a
        worker that is gone before it was stopped for one that has crashed, and exits with 1.
        """
        if sig == signal.SIGINT:
            return
        super().add_signal_handler(sig, self._handle, partial(callback, *args))

    def _handle(self, callback: Callable[[], object]) -> None:
        self._stop_task = self._stop_task or self.create_task(self._stop_gracefully(callback))

    async def _stop_gracefully(self, callback: Callable[[], object]) -> None:
        try:
            await self._before_stop()
        finally:
            callback()
