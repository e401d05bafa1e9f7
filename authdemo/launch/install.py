"""Installs the packages of a file: `python -m authdemo.launch.install requirements.txt`."""

from __future__ import annotations

import os
import re
import sys
from functools import partial

from authdemo.launch.progress import Step, run_in_steps
from authdemo.serve import processes
from authdemo.serve.settings import StartError

_COLLECTED = re.compile(rb"^Collecting (\S+)", re.MULTILINE)


def install(file: str) -> int:
    """Install what a requirements file names into the environment of this Python."""
    options = ("--disable-pip-version-check", "--no-input", "--progress-bar=off", "--requirement")
    command = (sys.executable, "-m", "pip", "install", *options, file)
    steps = (
        Step(
            f"Downloading the packages of {file}",
            lambda output: b"\nInstalling collected packages" in output,
            _last_package,
        ),
        Step(f"Installing the packages of {file}"),
    )
    if run_in_steps(steps, partial(processes.run, command, os.environ)) == 0:
        return 0
    raise StartError("The packages could not be installed; the output above says why.")


def _last_package(output: bytes) -> str:
    names = _COLLECTED.findall(output)
    return f"{len(names)}: {names[-1].decode(errors='replace')}" if names else ""


if __name__ == "__main__":
    sys.exit(processes.exit_code(partial(install, sys.argv[1])))
