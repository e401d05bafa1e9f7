"""Builds the pages, and only when something they are made of has changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from authdemo.launch import node, processes
from authdemo.launch.errors import LaunchError

SOURCES = ("authdemo", "assets", "reflex.lock", "requirements.txt", "rxconfig.py")
MADE = {"__pycache__", "external"}  # the build itself fills assets/external
EXPORT = (sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip")
API_URL = "http://localhost:3000"
BUILD = Path(".web/build")
RECORD = BUILD / "fingerprint"


def build(root: Path) -> None:
    """Build the pages unless the last build is of the same sources.

    The build doesn't depend on where the server listens: it always names
    `API_URL`. Of two that build at a time, the second waits for the first.

    Args:
        root: The project's folder.

    Raises:
        LaunchError: The build failed; its output has been shown.
    """
    with _alone(root):
        wanted = fingerprint(root)
        if _built(root) == wanted:
            return
        forget(root)
        print("Building the pages ...", flush=True)
        _export(root)
        _record(root, wanted)


def forget(root: Path) -> None:
    """Make the next start build the pages again.

    Args:
        root: The project's folder.
    """
    (root / RECORD).unlink(missing_ok=True)


def fingerprint(root: Path) -> str:
    """Digest everything that the built pages depend on.

    Args:
        root: The project's folder.

    Returns:
        A digest that changes when the pages have to be built again.
    """
    digest = hashlib.sha256(f"{sys.version} {version('reflex')} {API_URL}".encode())
    for path in sorted(_source_files(root)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root)}\0{content}\0".encode())
    return digest.hexdigest()


def _source_files(root: Path) -> Iterator[Path]:
    for source in SOURCES:
        path = root / source
        for file in path.rglob("*") if path.is_dir() else [path]:
            if file.is_file() and not MADE & set(file.relative_to(root).parts):
                yield file


def _built(root: Path) -> str | None:
    record = root / RECORD
    return record.read_text() if record.exists() else None


def _record(root: Path, wanted: str) -> None:
    draft = root / RECORD.with_suffix(".draft")
    draft.write_text(wanted)
    draft.replace(root / RECORD)


def _export(root: Path) -> None:
    env = node.environment(os.environ, root) | {"REFLEX_API_URL": API_URL}
    with tempfile.TemporaryFile() as output:
        if processes.run(EXPORT, env, output) == 0:
            return
        output.seek(0)
        shutil.copyfileobj(output, sys.stderr.buffer)
    raise LaunchError("The pages could not be built; the output above says why.")


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    with (root / ".web.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
