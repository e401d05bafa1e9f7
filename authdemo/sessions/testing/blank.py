"""Blank pages, where a build would be: who may see a page can be tested without building it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from reflex.constants import Dirs
from reflex.plugins import Plugin
from reflex.utils import prerequisites
from reflex_base.config import get_config

from ..reflex.protection.guards import routes_of

_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><title>{}</title></head><body>Not built.</body></html>'
)
_NO_ROUTES = ("404.html", "__spa-fallback.html")


class BlankPages(Plugin):
    """Leaves a blank page for each of an app's routes, before the sessions look for them."""

    def post_compile(self, **context: Any) -> None:
        """Write the pages."""
        folder = prerequisites.get_web_dir() / Dirs.STATIC / get_config().frontend_path.strip("/")
        routes = [route for route in routes_of(context["app"]) if route != "404"]
        for name in _NO_ROUTES:
            _write(folder / name, _PAGE.format(name))
        for route in routes:
            if "[" not in route:
                place = "" if route == "index" else route
                _write(folder / place / "index.html", _PAGE.format(route))
        _write(folder / "assets" / "manifest-blank.js", _manifest(routes))


def _manifest(routes: list[str]) -> str:
    """List the pages that serve many paths, as React Router does."""
    dynamic = {
        route: {"id": route, "path": _spelled(route), "module": "/assets/blank.js"}
        for route in routes
        if "[" in route
    }
    return f"window.__reactRouterManifest={json.dumps({'routes': dynamic})};"


def _spelled(route: str) -> str:
    """Spell a route as React Router does: `posts/[slug]` as `posts/:slug`."""
    route = re.sub(r"\[\[?\.\.\.\w+\]?\]", "*", route)
    route = re.sub(r"\[\[(\w+)\]\]", r":\1?", route)
    return re.sub(r"\[(\w+)\]", r":\1", route)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
