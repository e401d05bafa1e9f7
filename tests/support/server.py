"""The real app, started as an operator starts it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from authdemo import testing
from authdemo.testing import free_port, wait_until
from tests.support.mail import OutboxReader

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ("authdemo", "run")
SECRET = "the tests sign with this secret and nobody else does"
REAL_HASHES = {"PYTHONPATH": ""}
"""For servers of tests that are about what a password's hash costs."""
START_SECONDS = 120
STOP_SECONDS = 20


@dataclass(frozen=True)
class Server(testing.Server):
    """A running app, and what only the tests of this project ask of it."""

    @property
    def outbox(self) -> OutboxReader:
        """The mails that it has written."""
        assert self.data
        return OutboxReader(self.data / "outbox")

    @property
    def host(self) -> str:
        """The host and the port."""
        return self.url.removeprefix("http://")

    def audited(self, **details: object) -> list[dict[str, Any]]:
        """List the entries of the audit trail that have these facts."""
        lines = re.findall(r"authdemo\.sessions\.audit: (.*)", self.logged())
        return [entry for entry in map(json.loads, lines) if details.items() <= entry.items()]

    def children(self) -> list[int]:
        """List the processes that it started."""
        pid = self.process.pid
        return [int(pid) for pid in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self) -> None:
        """End every process of it at once, as a power cut does."""
        for pid in (*self.children(), self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def running(folder: Path, *, program: Sequence[str] = PROGRAM, **environ: str) -> Iterator[Server]:
    """Start the app on a free port and stop it; its log must hold no complaint.

    Args:
        folder: Where its data and log are; a second start finds the first one's data.
        program: The module to run, with its arguments.
        **environ: Environment variables beside the usual ones.
    """
    with running_in_trouble(folder, program=program, **environ) as server:
        yield server
    doesnt_complain(server)


@contextlib.contextmanager
def running_in_trouble(
    folder: Path, *, program: Sequence[str] = PROGRAM, **environ: str
) -> Iterator[Server]:
    """Start the app on a free port and stop it; it may complain.

    Args:
        folder: Where its data and log are; a second start finds the first one's data.
        program: The module to run, with its arguments.
        **environ: Environment variables beside the usual ones.
    """
    port = int(environ.get("PORT") or free_port())
    usual = {
        "HOST": "127.0.0.1",
        "AUTH_SECRET": SECRET,
        "AUTH_LOGIN_RATE": "1000/minute",
        "AUTH_REGISTER_RATE": "1000/minute",
        "AUTH_UPDATE_RATE": "100000/minute",
        "PYTHONPATH": str(ROOT / "tests" / "support" / "cheap_hashes"),
    }
    settings = {
        **usual,
        "AUTH_DATA_DIR": str(folder / "data"),
        "PORT": str(port),
        **environ,
    }
    log = folder / f"{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *program],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    data = Path(settings["AUTH_DATA_DIR"])
    server = Server(f"http://127.0.0.1:{port}", log, process, data)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        _stop(process)


def doesnt_complain(server: testing.Server) -> None:
    """Check that an app's log holds no complaint."""
    complaints = server.complaints()
    assert complaints == [], f"the log complains: {complaints[0]}"


def _wait_until_ready(server: Server) -> None:
    def is_ready() -> bool:
        assert server.process.poll() is None, f"it ended: {server.logged()}"
        return "App running at" in server.logged()

    wait_until(is_ready, timeout=START_SECONDS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
