"""What the workers of a run of the tests share."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "TESTS_SHARED_FOLDER"


def folder() -> Path:
    """Give a folder for this run, which the process that asks first removes in the end.

    The workers of xdist inherit its name.
    """
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix="tests-")
        atexit.register(shutil.rmtree, os.environ[VARIABLE])
    return Path(os.environ[VARIABLE])


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Wait until no other process of the run holds the lock of that name."""
    with (folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
