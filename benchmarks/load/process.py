"""What processes take, as the kernel counts it (`proc(5)`)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PSS = re.compile(r"^Pss:\s*(\d+) kB$", re.MULTILINE)


def cpu_seconds(pids: Iterable[int]) -> float:
    """Add up the time that processes were on a core, in their own code and in the kernel's.

    Args:
        pids: The processes.

    Returns:
        Seconds, to the nearest hundredth.
    """
    return sum(_ticks(pid) for pid in pids) / _TICKS


def memory(pids: Iterable[int]) -> int:
    """Add up the memory of processes; what several share counts once.

    Args:
        pids: The processes.

    Returns:
        The proportional set size, in bytes.
    """
    return sum(_proportional_set(pid) for pid in pids)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = fields[11:13]
    return int(user) + int(system)


def _proportional_set(pid: int) -> int:
    found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    if found is None:
        raise ProcessLookupError(f"There is no process {pid}.")
    return int(found[1]) * 1024
