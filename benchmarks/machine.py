"""Where and on what it was measured; nothing that names the machine itself."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Machine:
    """What the figures depend on.

    Attributes:
        date: When it was measured.
        commit: What was measured.
        cores: How many cores there were.
        cpu: Their model.
        memory: How many gigabytes of memory there were.
        python: The version of Python.
        kernel: The operating system and its version.
    """

    date: str
    commit: str
    cores: int
    cpu: str
    memory: int
    python: str
    kernel: str

    @classmethod
    def here(cls) -> Machine:
        """Look at this machine, now."""
        return cls(
            date=datetime.now(UTC).strftime("%Y-%m-%d"),
            commit=_commit(),
            cores=len(os.sched_getaffinity(0)),
            cpu=_noted("/proc/cpuinfo", r"model name\s*: (.*)"),
            memory=round(int(_noted("/proc/meminfo", r"MemTotal:\s*(\d+) kB")) / 1e6),
            python=platform.python_version(),
            kernel=f"{platform.system()} {platform.release().partition('-')[0]}",
        )


def _commit() -> str:
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        return commit + (", with changes" if _git("status", "--porcelain") else "")
    except (FileNotFoundError, subprocess.CalledProcessError):
        return "unknown"


def _git(*words: str) -> str:
    return subprocess.check_output(["git", *words], cwd=ROOT, text=True).strip()  # noqa: S607


def _noted(path: str, pattern: str) -> str:
    found = re.search(pattern, Path(path).read_text())
    return found[1] if found else "0"
