"""Serves an app whose pages are not built, in a process of its own, until its input ends."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from authdemo.testing import running_app
from tests.support.apps import environment
from tests.support.server import Server


@contextlib.contextmanager
def serving(folder: Path, log: Path, **environ: str) -> Iterator[Server]:
    """Serve an app of any folder on a free port.

    Args:
        folder: The app's folder, with its `rxconfig.py`.
        log: Where it writes to.
        **environ: Environment variables beside the usual ones.
    """
    env = environment()
    own = {
        "PYTHONPATH": f"{folder}{os.pathsep}{env['PYTHONPATH']}",
        "REFLEX_BACKEND_ONLY": "true",
        "REFLEX_TELEMETRY_ENABLED": "false",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(folder)],
            env=env | own | environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
        )
    assert process.stdin
    assert process.stdout
    with process.stdin as until, process.stdout as told:
        try:
            url = told.readline().decode().strip()
            assert url, f"it ended: {log.read_text()}"
            yield Server(url, log, process)
        finally:
            until.close()
            assert process.wait(20) == 0, log.read_text()


def main(folder: Path) -> None:
    """Serve it."""
    with tempfile.TemporaryDirectory() as data:
        os.environ["REFLEX_STATES_WORKDIR"] = f"{data}/states"
        os.environ["REFLEX_UPLOADED_FILES_DIR"] = f"{data}/uploads"
        with running_app(folder) as app:
            print(app.url, flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
