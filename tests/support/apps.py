"""Apps of other people, built and served as Reflex does it."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from authdemo import testing
from authdemo.launch import node
from authdemo.sessions.reflex.compat import SERVE_BUILT_PAGES
from authdemo.testing.server import stop
from tests.support import development, shared
from tests.support.server import ROOT, SECRET, START_SECONDS, Server, doesnt_complain

PASSWORD = "tutorial"
GRANIAN = ("--interface=asgi", "--factory", "my_app.my_app:app")


def adopt(folder: Path, other: Path | None = None) -> None:
    """Spare an app the installation of the npm packages that it needs.

    All apps of the tests share one installation. Reflex finds what another app, compiled here
    before, would have left: it writes all pages again, and installs only what isn't there.
    """
    other = other or installed()
    shutil.copytree(other / "reflex.lock", folder / "reflex.lock", dirs_exist_ok=True)
    shutil.copytree(other / ".web", folder / ".web", ignore=shutil.ignore_patterns("node_modules"))
    packages = Path(".web", "node_modules")
    is_near = other.stat().st_dev == folder.stat().st_dev
    copy = os.link if is_near else shutil.copy2
    shutil.copytree(other / packages, folder / packages, symlinks=True, copy_function=copy)


def write_minimal(folder: Path) -> None:
    """Write README's app into a folder."""
    ignored = shutil.ignore_patterns("__pycache__", ".*", "external")
    shutil.copytree(ROOT / "examples" / "minimal", folder, ignore=ignored, dirs_exist_ok=True)


@functools.cache
def installed() -> Path:
    """Compile an app, once for all workers of a run, and give its folder with all npm packages."""
    folder = shared.folder() / "app"
    with shared.locked("app"):
        if not folder.exists():
            draft = folder.with_suffix(".draft")
            _compile_minimal(draft)
            draft.rename(folder)
    return folder


def _compile_minimal(folder: Path) -> None:
    folder.mkdir()
    shutil.copytree(ROOT / "reflex.lock", folder / "reflex.lock")
    write_minimal(folder)
    compiled = subprocess.run(
        [sys.executable, "-m", "reflex", "compile"],
        cwd=folder,
        env=environment() | {"ADAS_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stdout


@contextlib.contextmanager
def serving(
    folder: Path,
    environ: Mapping[str, str] | None = None,
    *,
    secret: str | None = SECRET,
    python: str = sys.executable,
    port: int | None = None,
) -> Iterator[Server]:
    """Build and serve an app on a free port; its log must hold no complaint.

    Args:
        folder: The app's folder.
        environ: Environment variables beside the usual ones.
        secret: What it signs with; None for an app whose variables say so themselves.
        python: The interpreter to serve it with; it finds this package by itself or by
            `PYTHONPATH`.
        port: Where to listen; a free port by default.
    """
    env = environment(secret) | dict(environ or {})
    with testing.serving(folder, env, python=python, port=port) as served:
        server = Server(served.url, served.log, served.process)
        yield server
        doesnt_complain(server)


@contextlib.contextmanager
def serving_built(folder: Path, environ: Mapping[str, str]) -> Iterator[Server]:
    """Serve an app whose pages are built; its log may hold complaints."""
    port, log = testing.free_port(), folder / "log"
    address = ("--host=127.0.0.1", f"--port={port}")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "granian", *address, *GRANIAN],
            cwd=folder,
            env=environment() | SERVE_BUILT_PAGES | {"REFLEX_ENV_MODE": "prod"} | dict(environ),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", log, process)
    try:
        testing.wait_until(server.answers, timeout=START_SECONDS, on_timeout=server.logged)
        yield server
    finally:
        stop(process)


@contextlib.contextmanager
def developing(folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Serve an app with hot reload; its log must hold no complaint.

    Args:
        folder: The app's folder.
        environ: Environment variables beside the usual ones.
    """
    with developing_in_trouble(folder, environ) as server:
        yield server
        doesnt_complain(server)


@contextlib.contextmanager
def developing_in_trouble(
    folder: Path, environ: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Serve an app with hot reload; its log may hold complaints.

    Args:
        folder: The app's folder.
        environ: Environment variables beside the usual ones.
    """
    port = testing.free_port()
    backend = (f"--backend-port={port}", "--backend-host=127.0.0.1")
    start = functools.partial(started, folder, *backend, environ=environ)
    with development.served(start, f"http://127.0.0.1:{port}") as server:
        yield server


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
        stop(process)


def state(name: str) -> str:
    """Give the full name of a state in `my_app`."""
    return f"reflex___state____state.my_app___my_app____{name}"


def environment(secret: str | None = SECRET) -> dict[str, str]:
    """The variables for an app that finds this package beside its own, and signs with a secret."""
    own = {"PYTHONPATH": str(ROOT)} | ({"AUTH_SECRET": secret} if secret else {})
    return node.environment(_registry() | os.environ, ROOT) | own


@functools.cache
def _registry() -> dict[str, str]:
    """The registry that npm names, which takes it a while."""
    name = "NPM_CONFIG_REGISTRY"
    return {name: node.environment(os.environ, ROOT)[name]}
