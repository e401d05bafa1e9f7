"""Builds pages for the server of the app itself."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Mapping
from typing import IO

from . import processes
from .settings import StartError

EXPORT = (sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip")


def export(
    environ: Mapping[str, str],
    output: IO[bytes] | None = None,
    on_tick: Callable[[], None] | None = None,
) -> int:
    """Build the pages of the app in this folder, and return the exit code.

    A build signs nothing, so it leaves no secret behind.
    """
    from authdemo.sessions.reflex.compat import BUILD_OWN_PAGES

    env = {"AUTH_SECRET": secrets.token_urlsafe(32), **environ, **BUILD_OWN_PAGES}
    return processes.run(EXPORT, env, output, on_tick)


def check() -> None:
    """Check that there are pages for this server; rejects a wrong configuration, too."""
    from authdemo.sessions.http.pages.render import TEMPLATE_ID
    from authdemo.sessions.reflex.compat import build_folder, get_config

    get_config()
    folder = build_folder()
    pages = [file.read_text("utf-8") for file in folder.rglob("*.html")]
    if not pages or any(TEMPLATE_ID in page for page in pages):
        lack = "are built for another server" if pages else "are not built"
        raise StartError(
            f"The pages in {folder} {lack}. Build them with: python -m authdemo.serve build"
        )
