"""axe-core: finds what keeps people from using a page."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

from tests.support import npm

FOLDER = Path(__file__).parent
RUN = "async () => (await axe.run()).violations"


@cache
def _script() -> str:
    npm.install(FOLDER)
    return (FOLDER / "node_modules/axe-core/axe.min.js").read_text()


def findings(tab: Page) -> list[str]:
    """Look through a page, whose context has to bypass its policy; say what is found where."""
    tab.evaluate(_script())
    return [
        f"{violation['id']}: {node['html']}"
        for violation in tab.evaluate(RUN)
        for node in violation["nodes"]
    ]
