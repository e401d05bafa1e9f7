"""Serves the built app in production mode: pages, API and socket on one port."""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from granian import loops
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from authdemo.launch.errors import LaunchError
from authdemo.launch.graceful_loop import GracefulLoop, OpenSockets
from authdemo.launch.processes import die_with_parent
from authdemo.launch.settings import ServerSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

TIMEOUT = 3
_GARBAGE_THRESHOLDS = 20_000, 50, 100
REACHED_AS_LOCALHOST = ("0.0.0.0", "127.0.0.1", "::")  # noqa: S104


def check_address(settings: ServerSettings) -> str:
    """Check that the server can listen where it should.

    The check is needed because Granian shares its port: a second server would
    start on the same one and take half of the first one's requests.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        raise LaunchError(_explain(settings, error)) from error
    return str(address[0])


def serve(settings: ServerSettings, make: Callable[[], ASGIApp] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    port = str(settings.port)
    os.environ.update(REFLEX_FRONTEND_PORT=port, REFLEX_BACKEND_PORT=port)
    sockets = OpenSockets()
    loops.register("auto")(partial(GracefulLoop, sockets.close))
    Supervisor(
        "authdemo.authdemo:app",
        address=check_address(settings),
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        workers_kill_timeout=TIMEOUT,
        log_level=LogLevels.error,
    ).serve(
        target_loader=partial(load_app, os.getpid(), sockets, make or make_app), wrap_loader=False
    )


class Supervisor(MPServer):
    """Granian's supervisor, which also announces the app, and always replaces workers."""

    def startup(self, *args: object) -> None:
        """Start the workers, and announce the app as soon as one answers."""
        nohup = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        super().startup(*args)  # type: ignore[no-untyped-call]
        hangup = signal.SIG_IGN if nohup else self.signal_handler_interrupt
        signal.signal(signal.SIGHUP, hangup)
        threading.Thread(target=self._announce, daemon=True).start()

    def _respawn_workers(self, *args: Any, **options: Any) -> None:
        """Replace workers that ended.

        Granian would stop the app, and the workers that are well, if the same
        worker ended twice within seconds; so it must not remember.
        """
        super()._respawn_workers(*args, **options)
        self.respawned_wrks.clear()

    def _announce(self) -> None:
        while not self._answers():
            if self.main_loop_interrupt.wait(0.05):
                return
        self.respawn_failed_workers = True
        host = _host_to_show(self.bind_addr)
        print(f"App running at: http://{host}:{self.bind_port}", flush=True)

    def _answers(self) -> bool:
        connection = HTTPConnection(self.bind_addr, self.bind_port, timeout=TIMEOUT)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status < HTTPStatus.INTERNAL_SERVER_ERROR
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def load_app(supervisor: int, sockets: OpenSockets, make: Callable[[], ASGIApp]) -> ASGIApp:
    """Make an ASGI app, in a worker process.

    Until the app is there and Granian listens to signals, a worker leaves Ctrl-C
    to the supervisor and obeys its SIGTERM at once.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with_parent(supervisor)
    app = sockets.of(make())
    _collect_rarely()
    return app


def _collect_rarely() -> None:
    """Collect garbage less often than Python does by itself.

    A search through the state of a thousand open tabs takes too long, and finds little: almost
    everything is freed by its reference count.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)


def make_app() -> ASGIApp:
    """Make this app, in production mode."""
    _set_production_mode()
    from authdemo.authdemo import app

    return app()


def _set_production_mode() -> None:
    from authdemo.sessions.reflex.compat import SERVE_BUILT_PAGES

    os.environ.update(SERVE_BUILT_PAGES, REFLEX_ENV_MODE="prod")


def _host_to_show(address: str) -> str:
    if address in REACHED_AS_LOCALHOST:
        return "localhost"
    return f"[{address}]" if ":" in address else address


def _explain(settings: ServerSettings, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return f"Port {settings.port} is taken: stop what listens there, or set PORT."
    if number == errno.EACCES:
        return f"PORT takes a port that this user may listen on, not {settings.port}."
    return f"HOST takes an address or name of this machine, not {settings.host!r}."
