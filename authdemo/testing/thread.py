"""A server in a thread, its clock and blank pages."""

from __future__ import annotations

import asyncio
import contextvars
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import uvicorn
from reflex.plugins import Plugin
from starlette.types import ASGIApp

from authdemo.sessions.reflex.compat import build_folder, get_config
from authdemo.sessions.reflex.protected import routes_of

TIMEOUT = 20.0
"""The default limit of a wait, in seconds."""


def wait_until(
    predicate: Callable[..., object],
    *,
    timeout: float = TIMEOUT,
    interval: float = 0.02,
    on_timeout: Callable[[], str] | None = None,
) -> None:
    """Wait until a condition holds.

    Args:
        predicate: The condition.
        timeout: Seconds to wait at most.
        interval: Seconds between two checks.
        on_timeout: Describes the state for the error.

    Raises:
        AssertionError: If it doesn't hold in time.
    """
    deadline = time.monotonic() + timeout
    while not predicate():
        if time.monotonic() >= deadline:
            state = f": {on_timeout()}" if on_timeout else ""
            raise AssertionError(f"the condition is not met within {timeout} seconds{state}")
        time.sleep(interval)


NOON = 1_800_000_000.0
"""The default time: in January 2027."""


@dataclass(eq=False)
class FrozenClock:
    """A `Clock` that the test winds.

    Attributes:
        now: What it shows, in seconds since 1970-01-01 UTC.
    """

    now: float = NOON
    _: KW_ONLY
    moved: Callable[[], object] = lambda: None

    def __call__(self) -> float:
        """Tell the time."""
        return self.now

    def advance(
        self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Let time pass.

        Args:
            seconds: Seconds.
            minutes: Minutes on top.
            hours: Hours on top.
            days: Days on top.
        """
        passed = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        self.now += passed.total_seconds()
        self.moved()


_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><title>{}</title></head><body>Not built.</body></html>'
)
_NO_ROUTES = ("404.html", "__spa-fallback.html")


class BlankPages(Plugin):
    """Leaves a blank page for each of an app's routes, before the sessions look for them."""

    def post_compile(self, **context: Any) -> None:
        """Write the pages."""
        folder = build_folder() / get_config().frontend_path.strip("/")
        routes = [route for route in routes_of(context["app"]) if route != "404"]
        for name in _NO_ROUTES:
            _write(folder / name, _PAGE.format(name))
        for route in routes:
            if "[" not in route:
                place = "" if route == "index" else route
                _write(folder / place / "index.html", _PAGE.format(route))
        _write(folder / "assets" / "manifest-blank.js", _manifest(routes))


def _manifest(routes: list[str]) -> str:
    """List the pages that serve many paths, as React Router does."""
    dynamic = {
        route: {"id": route, "path": _spelled(route), "module": "/assets/blank.js"}
        for route in routes
        if "[" in route
    }
    return f"window.__reactRouterManifest={json.dumps({'routes': dynamic})};"


def _spelled(route: str) -> str:
    """Spell a route as React Router does: `posts/[slug]` as `posts/:slug`."""
    route = re.sub(r"\[\[?\.\.\.\w+\]?\]", "*", route)
    route = re.sub(r"\[\[(\w+)\]\]", r":\1?", route)
    return re.sub(r"\[(\w+)\]", r":\1", route)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


T = TypeVar("T")

_LONGEST_GOODBYE = 5
_LONGEST_WORK = 60.0


class Thread:
    """Serves an app on a free port, in an event loop of its own."""

    def __init__(self, app: ASGIApp) -> None:
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
        """Start, and wait until the app answers."""
        self._thread.start()
        wait_until(
            lambda: self._server.started or not self._thread.is_alive(), timeout=_LONGEST_WORK
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
        """Run something in the app's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_LONGEST_WORK)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._server.serve(sockets=[self._socket]))
