"""The commands by which a page starts a program, as the shell reads them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.docs.markdown import Block, blocks

_TELL = "#!/bin/sh\nprintf '%s\\0' \"$*\" && exec env -0\n"


@dataclass(frozen=True)
class Start:
    """A program, started.

    Attributes:
        arguments: Its arguments, as one text.
        variables: What the page set for it.
    """

    arguments: str
    variables: dict[str, str]


def starting(page: Path, program: str) -> list[Block]:
    """List the blocks in which a page starts a program."""
    return [block for block in blocks(page, "sh") if f"{program} " in block.code]


def start_of(page: Path, program: str) -> Start:
    """Type the last block in which a page starts a program, and see what the program gets.

    Args:
        page: The page.
        program: Where the program is, like `.venv/bin/reflex`.

    Returns:
        What it gets.
    """
    typed, before = starting(page, program)[-1].code, {"PATH": os.environ["PATH"]}
    with tempfile.TemporaryDirectory() as folder:
        _put(Path(folder) / program)
        told = subprocess.check_output(
            ["sh", "-euc", typed], cwd=folder, env=before, text=True, timeout=20
        )
    arguments, *lines = told.split("\0")[:-1]
    after = dict(line.split("=", 1) for line in lines)
    return Start(arguments, {k: v for k, v in after.items() if k not in (*before, "PWD", "_")})


def _put(program: Path) -> None:
    """Put something there that tells what it gets."""
    program.parent.mkdir(parents=True)
    program.write_text(_TELL)
    program.chmod(0o700)
