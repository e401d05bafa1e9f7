"""Serves the built app in production mode: pages, API and socket on one port."""

from __future__ import annotations

import errno
import gc
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from granian import loops
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from . import build
from .graceful_loop import GracefulLoop, OpenSockets
from .processes import die_with_parent
from .settings import ServerSettings, StartError

if TYPE_CHECKING:
    from multiprocessing.synchronize import Lock

    from starlette.types import ASGIApp

TIMEOUT = 3
WORKERS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus_client keeps the counters of several processes."""
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
        raise StartError(_explain(settings, error)) from error
    return str(address[0])


def serve(settings: ServerSettings, make: Callable[[], ASGIApp] | None = None) -> None:
    """Serve the built app, or one that `make` returns, until SIGINT or SIGTERM."""
    address = check_address(settings)
    _set_production_mode(settings)
    if make is None:
        build.check()
    sockets = OpenSockets()
    loops.register("auto")(partial(GracefulLoop, sockets.close))
    load = partial(load_app, os.getpid(), multiprocessing.Lock(), sockets, make or make_app)
    supervisor = Supervisor(
        "authdemo.serve.server:make_app",
        address=address,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        workers_kill_timeout=TIMEOUT,
        log_level=LogLevels.error,
    )
    with _metrics_of_workers(settings.workers):
        supervisor.serve(target_loader=load, wrap_loader=False)


@contextmanager
def _metrics_of_workers(workers: int) -> Iterator[None]:
    """Give several workers a folder for the metrics that they count together."""
    if workers == 1 or os.environ.get("AUTH_METRICS") != "1" or WORKERS_FOLDER in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="authdemo-metrics-") as folder:
        os.environ[WORKERS_FOLDER] = folder
        yield


def _set_production_mode(settings: ServerSettings) -> None:
    """Have Reflex's configuration say how this process and its workers serve."""
    from authdemo.sessions.reflex.compat import SERVE_BUILT_PAGES

    port = str(settings.port)
    os.environ.update(SERVE_BUILT_PAGES, REFLEX_ENV_MODE="prod")
    os.environ.update(REFLEX_FRONTEND_PORT=port, REFLEX_BACKEND_PORT=port)


class Supervisor(MPServer):
    """Granian's supervisor, which also announces the app, and always replaces workers."""

    def startup(self, *args: object) -> None:
        """Start the workers, and announce the app as soon as one answers."""
        self._ignores_hangup = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN  # by nohup
        super().startup(*args)  # type: ignore[no-untyped-call]
        threading.Thread(target=self._announce, daemon=True).start()

    def signal_handler_reload(self, *args: object) -> None:
        """Stop at SIGHUP, where Granian would reload."""
        if not self._ignores_hangup:
            self.signal_handler_interrupt(*args)  # type: ignore[no-untyped-call]

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


def load_app(
    supervisor: int, failure: Lock, sockets: OpenSockets, make: Callable[[], ASGIApp]
) -> ASGIApp:
    """Make an ASGI app, in a worker process.

    A worker leaves Ctrl-C to the supervisor. Until the app is there and Granian listens to
    signals, it obeys the supervisor's SIGTERM at once. Of several workers that an error stops,
    the first prints it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with_parent(supervisor)
    try:
        app = sockets.of(make())
    except SystemExit as error:
        raise error if failure.acquire(block=False) else SystemExit(1) from None
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
    """Make the app of this folder."""
    from authdemo.sessions.reflex.compat import get_and_validate_app

    app: ASGIApp = get_and_validate_app().app()
    return app


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
