"""Serves one of these apps as `make run` serves the app: `python -m benchmarks.apps bare`."""

from __future__ import annotations

import argparse
import os
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from authdemo.launch import frontend
from authdemo.serve import processes, server
from authdemo.serve.settings import ServerSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

ROOT = Path(__file__).resolve().parents[2]
APPS = ("bare", "framed", "quick")


def main() -> None:
    """Serve the app that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.apps", description=__doc__)
    parser.add_argument("app", choices=APPS)
    name = parser.parse_args().app
    processes.stop_on_termination()
    os.chdir(ROOT)
    settings = ServerSettings.read(os.environ)
    server.check_address(settings)
    frontend.build(ROOT)
    server.serve(settings, partial(make, name))


def make(name: str) -> ASGIApp:
    """Make one of the apps, which is imported only where it is served."""
    app: ASGIApp = import_module(f"benchmarks.apps.{name}").make()
    return app


if __name__ == "__main__":
    main()
