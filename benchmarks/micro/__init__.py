"""Single functions, timed by pytest-benchmark."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.options import Options
from benchmarks.results import Figure

NAMES = ("micro",)

_SEPARATORS = re.compile(r"[_\[\]]")
_FOLDER = Path(__file__).parent


def measure(options: Options) -> Iterator[Figure]:
    """Run the tests beside this module.

    Args:
        options: How.

    Yields:
        The median of each.
    """
    timed = options.folder / "micro.json"
    flags = ["--quiet", "--benchmark-quiet", f"--benchmark-json={timed}"]
    command = [sys.executable, "-m", "pytest", str(_FOLDER), *flags]
    done = subprocess.run(
        command, cwd=_FOLDER.parents[1], check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(f"The micro-benchmarks fail:\n{done.stdout}{done.stderr}")
    for each in json.loads(timed.read_text())["benchmarks"]:
        times = each["extra_info"].get("times", 1)
        microseconds = each["stats"]["median"] * 1e6 / times
        name = _SEPARATORS.sub(" ", each["name"].removeprefix("test_")).strip().capitalize()
        yield Figure(name, microseconds, "µs", detail=f"median of {each['stats']['rounds']} rounds")
