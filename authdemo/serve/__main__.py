"""Serve the app of this folder in production mode, or build its pages first, which needs Node."""

from __future__ import annotations

import argparse
import os
import sys

from . import build, processes
from .settings import ServerSettings


def main() -> int:
    """Do what the command line says."""
    commands = {"run": run, "build": export}
    parser = argparse.ArgumentParser(prog="python -m authdemo.serve", description=__doc__)
    parser.add_argument("command", choices=commands, nargs="?", default="run")
    return processes.exit_code(commands[parser.parse_args().command])


def run() -> int:
    """Serve the built app."""
    from . import server

    server.serve(ServerSettings.read(os.environ))
    return 0


def export() -> int:
    """Build the pages."""
    return build.export(os.environ)


if __name__ == "__main__":
    sys.exit(main())
