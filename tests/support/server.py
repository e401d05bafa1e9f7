"""The real app, started for the tests as a user starts it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180
STOP_SECONDS = 10
ANNOUNCEMENT = re.compile(r"App running at: (\S+)")
TROUBLE = re.compile(r"\b(ERROR|CRITICAL|WARNING)\b|Traceback \(most recent call")
OWN_VARIABLES = ("AUTH_", "REFLEX_", "WORKERS", "HOST", "PORT")


@dataclass(frozen=True)
class App:
    """A running app."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]


@contextmanager
def running_app(folder: Path, *, clean_log: bool = True, **env: str) -> Iterator[App]:
    """Run the app with an empty database, and expect a log without trouble."""
    log = folder / "app.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "authdemo", "run"],
            cwd=ROOT,
            env=_environment(folder) | env,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield App(_wait_for_announcement(process, log), log, process)
        _stop(process, log)
    finally:
        process.kill()
        process.wait()
    assert not (clean_log and _trouble(log)), _trouble(log)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment(folder: Path) -> dict[str, str]:
    others = {k: v for k, v in os.environ.items() if not k.startswith(OWN_VARIABLES)}
    return {
        **others,
        "PORT": str(free_port()),
        "HOST": "127.0.0.1",
        "AUTH_DATA_DIR": str(folder / "data"),
        "AUTH_SECRET": "a secret of the tests that is long enough to sign with",
        "AUTH_LOGIN_RATE": "1000/minute",
    }


def _wait_for_announcement(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if found := ANNOUNCEMENT.search(log.read_text()):
            return found[1]
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(f"not up after {START_SECONDS} s: {log.read_text()}")


def _stop(process: subprocess.Popen[bytes], log: Path) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(STOP_SECONDS) == 0, log.read_text()


def _trouble(log: Path) -> list[str]:
    return [line for line in log.read_text().splitlines() if TROUBLE.search(line)]
