"""A thread that serves an ASGI app."""

from __future__ import annotations

import asyncio
import contextvars
import socket
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

import uvicorn
from starlette.types import ASGIApp

from .waiting import eventually

T = TypeVar("T")

_LONGEST_GOODBYE = 5
_LONGEST_WORK = 60.0


class Thread:
    """Serves an app on a free port, in an event loop of its own.

    Attributes:
        url: Where it listens.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Get ready.

        Args:
            app: The app.
        """
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            ws="wsproto",
            lifespan="on",
            log_config=None,
            timeout_graceful_shutdown=_LONGEST_GOODBYE,
        )
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._serve,))

    def __enter__(self) -> Self:
        """Start, and wait until the app answers.

        Raises:
            RuntimeError: If it doesn't start; its log says why.
        """
        self._thread.start()
        eventually(
            lambda: self._server.started or not self._thread.is_alive(), within=_LONGEST_WORK
        )
        if not self._server.started:
            raise RuntimeError("The app didn't start. Its log says why.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._server.should_exit = True
        self._thread.join()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the app's event loop.

        Args:
            work: What to run.

        Returns:
            What it returns.
        """
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_LONGEST_WORK)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._server.serve(sockets=[self._socket]))
