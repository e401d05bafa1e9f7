"""A started launcher, as the tests see it: its output, its processes, its end."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

START_SECONDS = 120
STOP_SECONDS = 20


class Launcher:
    """A process group that was started in the foreground, as a shell does it."""

    def __init__(self, command: list[str], folder: Path, env: dict[str, str]) -> None:
        self._mark = f"LAUNCHER_UNDER_TEST={uuid.uuid4()}"
        name, value = self._mark.split("=")
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **env, name: value},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=_listen_to_signals,  # noqa: PLW1509 - it calls nothing that could wait
        )
        self.lines: list[str] = []
        self._arriving: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, text: str) -> str:
        """Wait for a line that holds the text, and return it."""
        while (line := self._next_line(START_SECONDS)) is not None:
            if text in line:
                return line
        raise AssertionError(f"ended without {text!r}: {self.lines}")

    def wait_until_it_runs(self) -> str:
        """Wait for the announcement, and return the address in it."""
        return self.wait_for("App running at: ").split()[-1]

    def end(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for the end, and return the exit code."""
        while self._next_line(seconds) is not None:
            pass
        return self.process.wait(seconds)

    def send(self, number: int) -> None:
        """Send a signal to the started process alone."""
        self.process.send_signal(number)

    def press_ctrl_c(self) -> None:
        """Send SIGINT to all of the group, as a terminal does."""
        os.killpg(self.process.pid, signal.SIGINT)

    def close_terminal(self) -> None:
        """Send SIGHUP to all of the group, as a terminal does that is closed."""
        os.killpg(self.process.pid, signal.SIGHUP)

    def wait_for_a_worker(self) -> None:
        """Wait until a worker makes the app; it leaves Ctrl-C to the launcher meanwhile."""
        for _ in patiently(START_SECONDS):
            if any(_ignores(pid, signal.SIGINT) for pid in self.processes()):
                return
        raise AssertionError(f"no worker: {self.lines}")

    def processes(self) -> list[int]:
        """List what is left of the launcher and all it started."""
        return [
            int(folder.name)
            for folder in Path("/proc").glob("[0-9]*")
            if self._mark in _read(folder / "environ").split("\0")
        ]

    def wait_until_all_are_gone(self, within: float = STOP_SECONDS) -> None:
        """Wait until nothing is left of the launcher and all it started."""
        for _ in patiently(within):
            if not self.processes():
                return
        raise AssertionError(f"still there: {self.processes()}")

    def kill(self) -> None:
        """Leave nothing behind, whatever the test did."""
        while left := self.processes():
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip())
                self._arriving.put(line)
        self._arriving.put(None)

    def _next_line(self, seconds: float) -> str | None:
        try:
            return self._arriving.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"silent for {seconds} s: {self.lines}") from None


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


def patiently(seconds: float) -> Iterator[None]:
    """Give a condition that is looked at again and again some time to become true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.02)


def _listen_to_signals() -> None:
    """Undo what a background job or `nohup` inherits, if the tests run as one."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _ignores(pid: int, number: int) -> bool:
    """Tell whether a signal is without effect on a process."""
    found = re.search(r"^SigIgn:\t(\w+)", _read(Path(f"/proc/{pid}/status")), re.MULTILINE)
    return found is not None and bool(int(found[1], 16) >> (number - 1) & 1)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
