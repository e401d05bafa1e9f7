"""Processes that end with the one that started them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

from .settings import StartError

PR_SET_PDEATHSIG = 1
TIMEOUT = 4.0
TICK = 0.1
INTERRUPTED = 130
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def exit_code(command: Callable[[], int]) -> int:
    """Run a command of a command line; what stops it is one line."""
    stop_on_termination()
    try:
        return command()
    except StartError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def stop_on_termination() -> None:
    """Make SIGTERM and a closed terminal end this process as Ctrl-C does.

    Under `nohup` a closed terminal stays without effect.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)


def die_with_parent(parent: int) -> None:
    """Ask the kernel for a SIGTERM to this process when its parent dies (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def run(
    command: Sequence[str | Path],
    env: Mapping[str, str],
    output: IO[bytes] | None = None,
    on_tick: Callable[[], None] | None = None,
) -> int:
    """Run a command, and end all processes that it started; `on_tick` is called meanwhile.

    The command gets a process group of its own, so a signal that reaches this
    process is passed on once and to all of them, and only by us.
    """
    # Python ignores what a signal handler raises while it forks, so signals wait for the fork.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    process = None
    try:
        process = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            preexec_fn=partial(_begin, os.getpid(), mask),  # noqa: PLW1509 - no threads
        )
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        while on_tick is not None and process.poll() is None:
            on_tick()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(TICK)
        return process.wait()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if process is not None:
            _stop(process)


def _begin(parent: int, mask: Iterable[int]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    die_with_parent(parent)


def _stop(process: subprocess.Popen[bytes]) -> None:
    try:
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, signal.SIGINT)
            process.wait(TIMEOUT)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
