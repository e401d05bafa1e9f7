"""Lighthouse: scores a page as seen on a phone."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import npm

FOLDER = Path(__file__).parent
CATEGORIES = ("accessibility", "best-practices", "performance")
COMMAND = ("node", "node_modules/lighthouse/cli/index.js")


@dataclass(frozen=True)
class Verdict:
    """What Lighthouse says.

    Attributes:
        scores: At most 100 for each category.
        faults: What cost points, by category.
    """

    scores: dict[str, int]
    faults: dict[str, list[str]]


def judge(url: str, *, port: int) -> Verdict:
    """Let Lighthouse look at a page in the browser that listens on a port."""
    env = npm.install(FOLDER)
    only = f"--only-categories={','.join(CATEGORIES)}"
    command = [*COMMAND, url, f"--port={port}", only, "--output=json", "--quiet"]
    done = subprocess.run(
        command, cwd=FOLDER, env=env, check=True, capture_output=True, timeout=120
    )
    report = json.loads(done.stdout)
    categories = report["categories"]
    return Verdict(
        {name: round(categories[name]["score"] * 100) for name in CATEGORIES},
        {name: _faults(report, categories[name]) for name in CATEGORIES},
    )


def _faults(report: dict[str, Any], category: dict[str, Any]) -> list[str]:
    weighed = [part["id"] for part in category["auditRefs"] if part["weight"]]
    audits = (report["audits"][name] for name in weighed)
    return [
        f"{audit['title']}: {audit.get('displayValue', '')}"
        for audit in audits
        if audit["score"] is not None and audit["score"] < 1
    ]
