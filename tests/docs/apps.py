"""The apps that the guides describe, built and served as the guides say."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from authdemo.testing.server import COMMAND
from tests.docs.commands import start_of, starting
from tests.docs.markdown import GUIDES, blocks
from tests.support import apps
from tests.support.server import Server

REFLEX = ".venv/bin/reflex"


def write(guide: str, folder: Path) -> None:
    """Put a guide's files over those of the first guide's app."""
    (folder / "my_app").mkdir()
    (folder / "my_app" / "__init__.py").touch()
    apps.adopt(folder)
    for page in dict.fromkeys(("start", guide)):
        for block in blocks(GUIDES / f"{page}.md", "python"):
            if "quote" not in block.attributes:
                _put(folder, block.code, **block.attributes)


def variables(guide: str) -> dict[str, str]:
    """Type the command by which a guide starts its app, and list the variables that it sets.

    A guide that tells no other is started as the first one.
    """
    pages = (GUIDES / f"{guide}.md", GUIDES / "start.md")
    start = start_of(next(page for page in pages if starting(page, REFLEX)), REFLEX)
    assert start.arguments == " ".join(COMMAND)
    return start.variables


@contextlib.contextmanager
def serving(guide: str, folder: Path, **environ: str) -> Iterator[Server]:
    """Build and serve a guide's app, with the variables that its command sets and no others.

    Args:
        guide: The guide's name.
        folder: An empty folder.
        **environ: Other values for some of these variables.
    """
    write(guide, folder)
    told = variables(guide)
    assert environ.keys() <= told.keys()
    with apps.serving(folder, told | environ, secret=None) as server:
        yield server


def _put(folder: Path, code: str, *, file: str = "", append: str = "") -> None:
    if file:
        (folder / file).write_text(code)
    else:
        with (folder / append).open("a") as end:
            end.write("\n\n" + code)
