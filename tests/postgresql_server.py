"""A PostgreSQL server for the tests: the one that is there, or else one that is fetched.

`python -m tests.postgresql_server` makes sure that there is one; `folder` names its programs'.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.fetching import from_debian, from_pypi

FOLDER = Path(__file__).resolve().parent.parent / ".postgresql"
FETCHED = FOLDER / "pgserver" / "pginstall" / "bin"
PROGRAMS = ("initdb", "postgres")
LEAST_VERSION = 13
PYPI_PACKAGE = "pgserver==0.1.4"


def folder() -> Path:
    """Return the folder of a PostgreSQL's programs, fetching them if need be."""
    found = _present() or _from_pypi() or _from_debian()
    if found is None:
        sys.exit("The tests need a PostgreSQL: install one, or set POSTGRESQL_BIN to its folder.")
    return found


def _present() -> Path | None:
    if named := os.environ.get("POSTGRESQL_BIN"):
        if _is_good(Path(named)):
            return Path(named)
        sys.exit(f"POSTGRESQL_BIN takes the folder of a PostgreSQL's programs, not {named!r}.")
    on_path = shutil.which("postgres")
    debians = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places = [Path(on_path).resolve().parent] if on_path else []
    return next(filter(_is_good, (*places, *debians, FETCHED)), None)


def _from_pypi() -> Path | None:
    if not from_pypi(PYPI_PACKAGE, FOLDER, "3.11"):
        return None
    for program in FETCHED.iterdir():
        program.chmod(0o755)
    return _present()


def _from_debian() -> Path | None:
    return _present() if from_debian("postgresql") else None


def _is_good(place: Path) -> bool:
    """Tell whether the programs are there and run, and are not too old."""
    try:
        said = [
            subprocess.run([place / each, "--version"], check=False, capture_output=True, text=True)
            for each in PROGRAMS
        ]
    except OSError:
        return False
    versions = [re.search(r"\(PostgreSQL\) (\d+)", each.stdout) for each in said]
    return all(found and int(found[1]) >= LEAST_VERSION for found in versions)


if __name__ == "__main__":
    folder()
