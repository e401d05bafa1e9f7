"""Serves one of these apps as `make run` serves the app: `python -m benchmarks.apps bare`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from authdemo.launch import frontend, processes, serve
from authdemo.launch.settings import ServerSettings
from benchmarks.apps import bare

if TYPE_CHECKING:
    from starlette.types import ASGIApp

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Serve the app that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.apps", description=__doc__)
    parser.add_argument("app", choices=APPS)
    make = APPS[parser.parse_args().app]
    processes.stop_on_termination()
    os.chdir(ROOT)
    settings = ServerSettings.read(os.environ)
    serve.check_address(settings)
    frontend.build(ROOT)
    serve.serve(settings, make)


def make_quick() -> ASGIApp:
    """Make the app without passwords; it is imported only where it is served."""
    from benchmarks.apps import quick

    return quick.make()


def make_framed() -> ASGIApp:
    """Make the bare route's Reflex app, which is imported only where it is served, too."""
    from benchmarks.apps import framed

    return framed.make()


APPS: dict[str, Callable[[], ASGIApp]] = {
    "bare": bare.make,
    "framed": make_framed,
    "quick": make_quick,
}

if __name__ == "__main__":
    main()
