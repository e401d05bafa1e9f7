"""Processes that are gone when their starter is gone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
TIMEOUT = 4.0


def stop_on_termination() -> None:
    """Make SIGTERM and a closed terminal end this process as Ctrl-C does.

    Under `nohup` a closed terminal stays without effect.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)


def die_with_parent(parent: int) -> None:
    """Ask the kernel for a SIGTERM to this process when its parent dies (Linux).

    Args:
        parent: The id of the parent. If it has died already, so does this process.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def run(
    command: Sequence[str | Path],
    env: Mapping[str, str],
    output: IO[bytes] | None = None,
) -> int:
    """Run a command and whatever it starts, and leave none of it behind.

    The command gets a process group of its own, so a signal that reaches this
    process is passed on once and to all of them, and only by us.

    Args:
        command: The program and its arguments.
        env: Its environment variables.
        output: Where its output goes; None shows it.

    Returns:
        The exit code of the command.
    """
    process = subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
        preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - no threads
    )
    try:
        return process.wait()
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    try:
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, signal.SIGINT)
            process.wait(TIMEOUT)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
