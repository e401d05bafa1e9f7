"""An app in a process of its own, built and served as Reflex does it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from authdemo.sessions.reflex.compat import SERVE_BUILT_PAGES

from .thread import wait_until

COMMAND = ("run", "--env", "prod", "--single-port")
_START_SECONDS = 120
_STOP_SECONDS = 10
_COMPLAINT = re.compile(r"\b(WARNING|ERROR|CRITICAL|Traceback)\b.*")
_OF_THIS_PROCESS = frozenset(
    (
        "REFLEX_BACKEND_ONLY",
        *SERVE_BUILT_PAGES,
        "REFLEX_STATES_WORKDIR",
        "REFLEX_UPLOADED_FILES_DIR",
        "REFLEX_WEB_WORKDIR",
    )
)
"""Variables of the Reflex in the process of the tests, for no other."""


@dataclass(frozen=True)
class Server:
    """A running app.

    Attributes:
        url: Where it listens.
        log: The file with all that it wrote.
        process: What was started.
        data: Its data folder, if it is known.
    """

    url: str
    log: Path
    process: subprocess.Popen[bytes]
    data: Path | None = None

    def logged(self) -> str:
        """Read what it wrote so far."""
        return self.log.read_text(errors="replace")

    def complaints(self) -> list[str]:
        """List what its log complains of."""
        return [found[0] for found in _COMPLAINT.finditer(self.logged())]

    def answers(self) -> bool:
        """Tell whether it answers.

        Raises:
            RuntimeError: If it has ended; says what it wrote.
        """
        if self.process.poll() is not None:
            raise RuntimeError(f"The app has ended: {self.logged()}")
        try:
            return httpx.get(f"{self.url}/ping").is_success
        except httpx.TransportError:
            return False


@contextmanager
def serving(
    folder: Path,
    environ: Mapping[str, str] | None = None,
    *,
    log: Path | None = None,
    python: str = sys.executable,
    port: int | None = None,
) -> Iterator[Server]:
    """Build and serve an app, and stop it with all processes that it started.

    Args:
        folder: The app's folder, with its `rxconfig.py`.
        environ: Environment variables beside those of this process.
        log: Where it writes to; `log` in its folder by default.
        python: The interpreter to serve it with.
        port: Where to listen; a free port by default.

    Yields:
        The server.

    Raises:
        RuntimeError: If the app doesn't start; says what it wrote.
        AssertionError: If it takes too long.
    """
    port, log = port or free_port(), log or folder / "log"
    where = [f"--{end}-port={port}" for end in ("frontend", "backend")]
    usual = {name: value for name, value in os.environ.items() if name not in _OF_THIS_PROCESS}
    env = {**usual, **(environ or {})}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python, "-m", "reflex", *COMMAND, *where, "--backend-host=127.0.0.1"],
            cwd=folder,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    data = folder / env.get("AUTH_DATA_DIR", ".data")
    server = Server(f"http://127.0.0.1:{port}", log, process, data)
    try:
        wait_until(server.answers, timeout=_START_SECONDS, interval=0.2, on_timeout=server.logged)
        yield server
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a process and all that it started; what doesn't end in time is killed."""
    with suppress(ProcessLookupError):  # it has ended by itself
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """Find a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
