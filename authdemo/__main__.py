"""The command line: `python -m authdemo run`, `dev` or `build`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from authdemo.launch import frontend, processes
from authdemo.launch.errors import LaunchError
from authdemo.launch.settings import ServerSettings

ROOT = Path(__file__).resolve().parent.parent
INTERRUPTED = 130


def main() -> int:
    """Do what the command line says.

    Returns:
        The exit code.
    """
    commands = {"run": run, "dev": dev, "build": build}
    parser = argparse.ArgumentParser(prog="python -m authdemo", description=__doc__)
    parser.add_argument("command", choices=commands)
    command = commands[parser.parse_args().command]
    processes.stop_on_termination()
    os.chdir(ROOT)
    try:
        return command()
    except LaunchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def run() -> int:
    """Build the pages if they changed, and serve the app in production mode."""
    from authdemo.launch import serve

    settings = check_settings()
    serve.check_address(settings)
    frontend.build(ROOT)
    serve.serve(settings)
    return 0


def dev() -> int:
    """Serve the app with hot reload."""
    from authdemo.launch.dev import develop

    return develop(check_settings(), ROOT)


def build() -> int:
    """Build the pages if they changed."""
    frontend.build(ROOT)
    return 0


def check_settings() -> ServerSettings:
    """Read every setting before anything is built or started.

    Returns:
        Where and how to serve.

    Raises:
        LaunchError: Names the variable that is wrong and says what it takes.
    """
    from authdemo.sessions import ConfigurationError, Settings, providers_from_environ
    from authdemo.sessions.accounts.database import database_url

    server = ServerSettings.read(os.environ)
    try:
        database_url(Settings.from_environ().data_dir)
        providers_from_environ()
    except ConfigurationError as error:
        raise LaunchError(error.message) from error
    return server


if __name__ == "__main__":
    sys.exit(main())
