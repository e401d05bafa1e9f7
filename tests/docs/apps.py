"""The apps that the guides describe, built and served as the guides say."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from authdemo.launch import node
from tests.docs.markdown import GUIDES, blocks
from tests.support.server import ROOT, SECRET, Server, eventually, free_port

PASSWORD = "tutorial"
STOP_SECONDS = 20
COMMAND = ("run", "--env", "prod", "--single-port")


def write(guide: str, folder: Path) -> None:
    """Put a guide's files over those of the first guide's app."""
    (folder / "my_app").mkdir()
    (folder / "my_app" / "__init__.py").touch()
    shutil.copytree(ROOT / "reflex.lock", folder / "reflex.lock")
    for page in dict.fromkeys(("start", guide)):
        for block in blocks(GUIDES / f"{page}.md", "python"):
            _put(folder, block.code, **block.facts)


@contextlib.contextmanager
def serving(guide: str, folder: Path) -> Iterator[Server]:
    """Build and serve a guide's app on a free port; its log must hold no complaint."""
    write(guide, folder)
    port, log = free_port(), folder / "log"
    where = [f"--{end}-port={port}" for end in ("frontend", "backend")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "reflex", *COMMAND, *where, "--backend-host=127.0.0.1"],
            cwd=folder,
            env=_environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", log, process)
    try:
        eventually(lambda: _answers(server), within=120, every=0.2)
        yield server
        complaints = server.complaints()
        assert complaints == [], f"the log complains: {complaints[0]}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(STOP_SECONDS)


def state(name: str) -> str:
    """Give the full name of a state in a guide's app."""
    return f"reflex___state____state.my_app___my_app____{name}"


def _put(folder: Path, code: str, *, file: str = "", append: str = "") -> None:
    if file:
        (folder / file).write_text(code)
    else:
        with (folder / append).open("a") as end:
            end.write("\n\n" + code)


def _environment() -> dict[str, str]:
    own = {"PYTHONPATH": str(ROOT), "AUTH_SECRET": SECRET, "MY_APP_PASSWORD": PASSWORD}
    return node.environment(os.environ, ROOT) | own


def _answers(server: Server) -> bool:
    assert server.process.poll() is None, f"it ended: {server.logged()}"
    try:
        return httpx.get(server.url + "/ping").is_success
    except httpx.TransportError:
        return False
