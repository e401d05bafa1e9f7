"""The apps that the guides describe, built and served as the guides say."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from authdemo.testing.server import COMMAND
from tests.docs.commands import start_of, starting
from tests.docs.markdown import GUIDES, blocks
from tests.support import apps, unbuilt
from tests.support.server import ROOT, Server, doesnt_complain

REFLEX = ".venv/bin/reflex"


def write(folder: Path, *guides: str) -> None:
    """Put the files of guides over those of the first guide's app."""
    (folder / "my_app").mkdir(parents=True)
    (folder / "my_app" / "__init__.py").touch()
    for page in dict.fromkeys(("start", *guides)):
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
def serving(folder: Path, *guides: str, **environ: str) -> Iterator[Server]:
    """Build and serve the app of guides, with the variables that the last one's command sets.

    Args:
        folder: An empty folder.
        *guides: The guides' names.
        **environ: Other values for some of these variables.
    """
    write(folder, *guides)
    apps.adopt(folder)
    told = variables(guides[-1])
    assert environ.keys() <= told.keys()
    with apps.serving(folder, told | environ, secret=None) as server:
        yield server


@contextlib.contextmanager
def serving_unbuilt(folder: Path, guide: str, **environ: str) -> Iterator[Server]:
    """Serve a guide's app with blank pages, and other values for some of its variables."""
    write(folder, guide)
    shutil.copytree(ROOT / "reflex.lock", folder / "reflex.lock")
    told = variables(guide)
    assert environ.keys() <= told.keys()
    own = told | environ | {"AUTH_DATA_DIR": str(folder / "data")}
    with unbuilt.serving(folder, folder / "log", **own) as server:
        yield server
        doesnt_complain(server)


def _put(folder: Path, code: str, *, file: str = "", append: str = "") -> None:
    if file:
        (folder / file).write_text(code)
    else:
        with (folder / append).open("a") as end:
            end.write("\n\n" + code)
