"""Starts an app up to where its pages would be built, in a process of its own that ends then."""

from __future__ import annotations

import multiprocessing
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.server import SECRET

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["authdemo.sessions", "authdemo.sessions.reflex.compat"])
_SECONDS = 120


@dataclass(frozen=True)
class Start:
    """How a start ended, and what it printed to standard error."""

    code: int | None
    lines: list[str]


def started(folder: Path, environ: dict[str, str | None]) -> Start:
    """Start the app of a folder, with environment variables beside the usual ones."""
    log = folder / "start.log"
    process = _context.Process(target=_start, args=(folder, environ, log))
    process.start()
    process.join(_SECONDS)
    code = process.exitcode
    process.kill()
    return Start(code, log.read_text().splitlines())


def _start(folder: Path, environ: dict[str, str | None], log: Path) -> None:
    from authdemo.sessions.reflex.compat import (
        CompileContext,
        environment,
        get_and_validate_app,
    )

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(log, os.O_CREAT | os.O_WRONLY), 2)
    usual = {
        "AUTH_SECRET": SECRET,
        "REFLEX_ENV_MODE": "prod",
        "REFLEX_TELEMETRY_ENABLED": "false",
    }
    for name, value in (usual | environ).items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    environment.REFLEX_COMPILE_CONTEXT.set(CompileContext.RUN)
    app = get_and_validate_app().app
    app._compile(dry_run=True)
