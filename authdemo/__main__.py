"""The command line: `python -m authdemo run`, `dev` or `build`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from authdemo.launch import frontend
from authdemo.serve import processes
from authdemo.serve.settings import ServerSettings, StartError

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Do what the command line says."""
    commands = {"run": run, "dev": dev, "build": build}
    parser = argparse.ArgumentParser(prog="python -m authdemo", description=__doc__)
    parser.add_argument("command", choices=commands)
    command = commands[parser.parse_args().command]
    os.chdir(ROOT)
    return processes.exit_code(command)


def run() -> int:
    """Build the pages if they changed, and serve the app in production mode."""
    from authdemo.serve import server

    settings = ServerSettings.read(os.environ)
    server.check_address(settings)
    check_settings()
    frontend.build(ROOT)
    server.serve(settings)
    return 0


def dev() -> int:
    """Serve the app with hot reload."""
    from authdemo.launch.dev import develop

    settings = ServerSettings.read(os.environ)
    check_settings()
    return develop(settings, ROOT)


def build() -> int:
    """Build the pages if they changed."""
    frontend.build(ROOT)
    return 0


def check_settings() -> None:
    """Read the settings of sessions and accounts before anything is built or started.

    A secret that has to be made is made when all else is found right.
    """
    from authdemo import seeds
    from authdemo.accounts.database import check_tables, database_url
    from authdemo.logs import write_to_stderr
    from authdemo.sessions import ConfigurationError, Settings
    from authdemo.sessions.core.settings import warn_of_unknown_variables
    from authdemo.sessions.providers import providers_from_environ
    from authdemo.sessions.stores import check_store, create_store

    write_to_stderr()
    warn_of_unknown_variables()
    try:
        seeds.is_enabled(os.environ)
        providers_from_environ()
        settings = Settings.from_environ(keep_secret=False)
        check_tables(database_url(settings.data_dir))
        check_store(create_store(settings, "authdemo"))
        Settings.from_environ()
    except ConfigurationError as error:
        raise StartError(error.message) from error


if __name__ == "__main__":
    sys.exit(main())
