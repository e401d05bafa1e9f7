"""The apps that the guides describe, built and served as the guides say."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.docs.markdown import GUIDES, blocks
from tests.support import apps
from tests.support.server import Server


def write(guide: str, folder: Path) -> None:
    """Put a guide's files over those of the first guide's app."""
    (folder / "my_app").mkdir()
    (folder / "my_app" / "__init__.py").touch()
    apps.adopt(folder)
    for page in dict.fromkeys(("start", guide)):
        for block in blocks(GUIDES / f"{page}.md", "python"):
            if "quote" not in block.facts:
                _put(folder, block.code, **block.facts)


@contextlib.contextmanager
def serving(guide: str, folder: Path, **environ: str) -> Iterator[Server]:
    """Build and serve a guide's app."""
    write(guide, folder)
    with apps.serving(folder, environ) as server:
        yield server


def _put(folder: Path, code: str, *, file: str = "", append: str = "") -> None:
    if file:
        (folder / file).write_text(code)
    else:
        with (folder / append).open("a") as end:
            end.write("\n\n" + code)
