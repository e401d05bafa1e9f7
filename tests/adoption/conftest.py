from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from authdemo.launch import node
from tests.docs.markdown import GUIDES, Block, blocks
from tests.support.server import ROOT

INSTALL = GUIDES / "install.md"
JAVASCRIPT = {"bun", "bunx", "corepack", "node", "nodejs", "npm", "npx"}


def chapter(language: str) -> list[Block]:
    """The blocks of the guide on installation."""
    return blocks(INSTALL, language)


def exports() -> str:
    """What the guide has its reader type in each new shell."""
    lines = chapter("sh")[0].code.splitlines()
    return "".join(f"{line}\n" for line in lines if line.startswith("export "))


@functools.cache
def programs() -> Path:
    """A folder with the programs that come with a machine, and no Node or bun among them."""
    folder = Path(tempfile.mkdtemp(prefix="programs-"))
    atexit.register(shutil.rmtree, folder)
    python = Path(sys.base_prefix, "bin", "python3")
    for program in (python, *Path("/usr/bin").iterdir()):
        place = folder / program.name
        if program.name not in JAVASCRIPT and not place.is_symlink():
            place.symlink_to(program)
    return folder


def run(folder: Path, script: str) -> str:
    """Type commands into a new shell there, and tell what they say.

    The shell knows of no Node, and Reflex is not told to take one.
    """
    env = node.environment({**os.environ, "HOME": str(folder)}, ROOT) | {"PATH": str(programs())}
    del env["REFLEX_USE_NPM"]
    ended = subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


@pytest.fixture(scope="package")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the guide on installation was followed to the letter."""
    folder = tmp_path_factory.mktemp("adopted")
    (folder / "path" / "to").mkdir(parents=True)
    (folder / "path" / "to" / "authdemo").symlink_to(ROOT)
    run(folder, chapter("sh")[0].code)
    for block in chapter("python"):
        place = Path(block.attributes["quote"]).relative_to("examples/minimal")
        (folder / place).write_text(block.code)
    return folder
