"""Serves with hot reload: Reflex's development mode."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from authdemo.launch import frontend, node
from authdemo.serve import processes
from authdemo.serve.settings import MAX_PORT, ServerSettings, read_number

DEFAULT_API_PORT = 8000


def develop(settings: ServerSettings, root: Path) -> int:
    """Serve pages on `PORT` and the API on `AUTH_DEV_API_PORT` until stopped."""
    api_port = read_number(os.environ, "AUTH_DEV_API_PORT", DEFAULT_API_PORT, MAX_PORT)
    frontend.release(root)
    options = {
        "--frontend-port": settings.port,
        "--backend-port": api_port,
        "--backend-host": settings.host,
    }
    flags = [str(part) for option in options.items() for part in option]
    command = [sys.executable, "-m", "reflex", "run", *flags]
    return processes.run(command, node.environment(os.environ, root))
