"""Apps of other people, built and served as Reflex does it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from authdemo.launch import node
from tests.support.server import ROOT, SECRET, Server, eventually, free_port

PASSWORD = "tutorial"
STOP_SECONDS = 20
COMMAND = ("run", "--env", "prod", "--single-port")


def adopt(folder: Path) -> None:
    """Spare an app in an empty folder the search for the npm packages that it needs."""
    shutil.copytree(ROOT / "reflex.lock", folder / "reflex.lock")


@contextlib.contextmanager
def serving(
    folder: Path,
    environ: Mapping[str, str] | None = None,
    *,
    python: str = sys.executable,
    port: int | None = None,
) -> Iterator[Server]:
    """Build and serve an app on a free port; its log must hold no complaint.

    Args:
        folder: The app's folder.
        environ: Environment variables beside the usual ones.
        python: The interpreter to serve it with; it finds this package by itself or by
            `PYTHONPATH`.
        port: Where to listen; a free port by default.
    """
    port, log = port or free_port(), folder / "log"
    where = [f"--{end}-port={port}" for end in ("frontend", "backend")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python, "-m", "reflex", *COMMAND, *where, "--backend-host=127.0.0.1"],
            cwd=folder,
            env={**environment(), **(environ or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", log, process)
    try:
        eventually(lambda: _answers(server), within=120, every=0.2)
        yield server
        complaints = server.complaints()
        assert complaints == [], f"the log complains: {complaints[0]}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(STOP_SECONDS)


def state(name: str) -> str:
    """Give the full name of a state in `my_app`."""
    return f"reflex___state____state.my_app___my_app____{name}"


def environment() -> dict[str, str]:
    """The variables for an app that finds this package beside its own."""
    own = {"PYTHONPATH": str(ROOT), "AUTH_SECRET": SECRET, "MY_APP_PASSWORD": PASSWORD}
    return node.environment(os.environ, ROOT) | own


def _answers(server: Server) -> bool:
    assert server.process.poll() is None, f"it ended: {server.logged()}"
    try:
        return httpx.get(server.url + "/ping").is_success
    except httpx.TransportError:
        return False
