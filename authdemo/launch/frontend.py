"""Builds the pages, and only when something they are made of has changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

from authdemo.launch import node
from authdemo.launch.progress import Step, run_in_steps
from authdemo.serve.build import export
from authdemo.serve.settings import StartError

SOURCES = ("authdemo", "assets", "requirements.txt", "rxconfig.py")
NPM_LOCK = "reflex.lock"
MADE = {"__pycache__", "external"}  # the build itself fills assets/external
API_URL = "http://localhost:3000"
WEB = ".web"
RECORD = Path(WEB, "build", "fingerprint")
INSTALLED = Path(WEB, "node_modules", ".package-lock.json")  # npm writes it last
ALL_INSTALLED = Path(WEB, "reflex.install_frontend_packages.cached")  # Reflex, after npm's last run
LOCK = ".web.lock"
UNFINISHED = ".web.unfinished"


def build(root: Path) -> None:
    """Build the pages unless the last build is of the same sources.

    The build doesn't depend on where the server listens: it always names
    `API_URL`. Of two that build at a time, the second waits for the first. Reflex
    may rewrite its lock files meanwhile; sources that change meanwhile are built
    by the next start.
    """
    with _alone(root):
        if _built(root) == fingerprint(root):
            return
        _forget(root)
        sources = _digest(root, SOURCES)
        _export(root)
        if _digest(root, SOURCES) == sources:
            _record(root, fingerprint(root))


def release(root: Path) -> None:
    """Hand over the built pages to a caller who will change them.

    The packages are installed then, and the next `build` does its work again.
    """
    if (root / UNFINISHED).exists() or not (root / WEB).exists():
        build(root)
    _forget(root)


def fingerprint(root: Path) -> str:
    """Digest everything that the built pages depend on."""
    return _digest(root, (*SOURCES, NPM_LOCK))


def _digest(root: Path, sources: Iterable[str]) -> str:
    digest = hashlib.sha256(f"{sys.version} {version('reflex')} {API_URL}".encode())
    for path in sorted(_files(root, sources)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root)}\0{content}\0".encode())
    return digest.hexdigest()


def _files(root: Path, sources: Iterable[str]) -> Iterator[Path]:
    for path in (root / source for source in sources):
        for file in path.rglob("*") if path.is_dir() else [path]:
            if file.is_file() and not MADE & set(file.relative_to(root).parts):
                yield file


def _built(root: Path) -> str | None:
    record = root / RECORD
    return record.read_text() if record.exists() else None


def _record(root: Path, built: str) -> None:
    draft = root / RECORD.with_suffix(".draft")
    draft.write_text(built)
    draft.replace(root / RECORD)


def _forget(root: Path) -> None:
    (root / RECORD).unlink(missing_ok=True)


def _export(root: Path) -> None:
    env = node.environment(os.environ, root) | {"REFLEX_API_URL": API_URL}
    steps = (
        Step("Compiling the pages", lambda output: b"Compiling:" in output),
        Step("Installing the Node packages", lambda _: (root / ALL_INSTALLED).exists()),
        Step("Building the pages"),
    )
    with _unfinished(root):
        if run_in_steps(steps, partial(export, env)) == 0:
            return
    raise StartError("The pages could not be built; the output above says why.")


@contextmanager
def _unfinished(root: Path) -> Iterator[None]:
    """Start afresh after an interruption: npm doesn't mend what it left half done.

    A build that fails leaves the mark, too, unless npm has come to its end there.
    """
    mark = root / UNFINISHED
    if mark.exists():
        shutil.rmtree(root / WEB, ignore_errors=True)
    mark.touch()
    yield
    if (root / INSTALLED).exists():
        mark.unlink()


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    with (root / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
