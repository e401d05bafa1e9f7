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

from authdemo.launch import node
from authdemo.sessions import testing
from tests.support.server import ROOT, SECRET, Server, doesnt_complain

PASSWORD = "tutorial"


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
    with testing.serving(
        folder, {**environment(), **(environ or {})}, python=python, port=port
    ) as served:
        server = Server(served.url, served.log, served.process)
        yield server
        doesnt_complain(server)


@contextlib.contextmanager
def developing(folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Serve an app with hot reload; its log must hold no complaint.

    Args:
        folder: The app's folder.
        environ: Environment variables beside the usual ones.
    """
    backend = (f"--backend-port={testing.free_port()}", "--backend-host=127.0.0.1")
    with started(folder, *backend, environ=environ) as server:
        testing.eventually(
            lambda: "Backend running at" in server.logged(), within=120, seen=server.logged
        )
        yield server
        doesnt_complain(server)


@contextlib.contextmanager
def started(
    folder: Path, *options: str, environ: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Start an app whose pages are on a free port.

    Args:
        folder: The app's folder.
        *options: What `reflex run` takes beside that port.
        environ: Environment variables beside the usual ones.
    """
    pages, log = testing.free_port(), folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "reflex", "run", f"--frontend-port={pages}", *options],
            cwd=folder,
            env=environment() | dict(environ or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Server(f"http://localhost:{pages}", log, process)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def state(name: str) -> str:
    """Give the full name of a state in `my_app`."""
    return f"reflex___state____state.my_app___my_app____{name}"


def environment() -> dict[str, str]:
    """The variables for an app that finds this package beside its own."""
    own = {"PYTHONPATH": str(ROOT), "AUTH_SECRET": SECRET, "MY_APP_PASSWORD": PASSWORD}
    return node.environment(os.environ, ROOT) | own
