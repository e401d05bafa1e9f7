"""Packages of npm that tests run, as a folder's lock file names them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from authdemo.launch import node
from tests.support.shared import locked

ROOT = Path(__file__).parents[2]
INSTALL = ["npm", "ci", "--legacy-peer-deps", "--ignore-scripts", "--loglevel=error"]


def install(folder: Path) -> dict[str, str]:
    """Install what a folder's lock file names, if need be; return Node's environment."""
    env = node.environment(os.environ, ROOT)
    lock = (folder / "package-lock.json").read_text()
    installed = folder / "node_modules" / ".installed"
    with locked(folder.name):
        if not installed.exists() or installed.read_text() != lock:
            subprocess.run(INSTALL, cwd=folder, env=env, check=True, timeout=300)
            installed.write_text(lock)
    return env
