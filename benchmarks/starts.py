"""How soon `make run` serves."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.options import Options
from benchmarks.results import Figure, below
from tests.launch.launcher import Launcher, free_port
from tests.support.server import ROOT, SECRET

STARTS = 5

NAMES = ("start",)


def measure(options: Options) -> Iterator[Figure]:
    """Start the app again and again, when nothing has to be installed or built.

    Args:
        options: How.

    Yields:
        The figure.
    """
    _start(options.folder / "start")  # which installs and builds what is missing
    spans = [_start(options.folder / "start") for _ in range(STARTS)]
    yield Figure(
        "Warm `make run` until the app answers",
        median(spans),
        "s",
        below(5),
        detail=f"median of {STARTS}, slowest {max(spans):.2f} s",
    )


def _start(data: Path) -> float:
    environ = {
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "AUTH_SECRET": SECRET,
        "AUTH_DATA_DIR": str(data),
    }
    began = time.perf_counter()
    launcher = Launcher(["make", "run"], ROOT, environ)
    try:
        launcher.wait_until_it_runs()
        return time.perf_counter() - began
    finally:
        launcher.send(signal.SIGTERM)
        launcher.wait_until_all_are_gone()
