"""The scripts of a built site: what each imports, and which texts it uses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_ADDRESS = re.compile(r"(https?|wss?)://[\w.:-]+")
_REFERENCE = re.compile(r"""["'`](?:\./|/assets/|assets/)([\w.~()\[\]-]+\.js)["'`]""")
_MANIFEST = re.compile(r"__reactRouterManifest=(\{.*\})", re.DOTALL)
_ROOT, _NOTHING_FOUND = "root", "routes/[404]._index"
_AREA = re.compile(r"""["'`]([a-z]+)\.""")


class EndpointsScript:
    """The script that names the server's addresses, which a build can't know yet."""

    def __init__(self, script: str) -> None:
        """Take the script apart.

        Args:
            script: The script as it was built, with the build's own addresses.
        """
        self._pieces = _ADDRESS.split(script)

    def addressed_to(self, base_url: str) -> str:
        """Name the addresses as the visitor's browser sees them.

        Args:
            base_url: The app's origin.

        Returns:
            The script.
        """
        scheme, _, host = base_url.partition("://")
        pieces = list(self._pieces)
        secure = scheme == "https"
        names = {
            "http": scheme,
            "https": scheme,
            "ws": "wss" if secure else "ws",
            "wss": "wss",
        }
        pieces[1::2] = [f"{names[built]}://{host}" for built in pieces[1::2]]
        return "".join(pieces)


@dataclass(frozen=True, slots=True)
class _Script:
    imports: frozenset[str]
    areas: frozenset[str]


class Scripts:
    """Follows the imports of a build's scripts.

    Attributes:
        routes: The script of each page, by the page's route as Reflex spells it.
    """

    def __init__(self, assets: Path) -> None:
        """Read the scripts.

        Args:
            assets: Their folder.
        """
        self._scripts = {file.name: _read(file) for file in assets.glob("*.js")}
        manifest = next(assets.glob("manifest-*.js"), None)
        self.routes = _routes(manifest.read_text("utf-8")) if manifest else {}

    def needed_by(self, documents: Iterable[str]) -> frozenset[str]:
        """List the scripts that pages load; the route manifest only names files.

        Args:
            documents: The pages' HTML, or the quoted names of their scripts.

        Returns:
            The names of the files.
        """
        reached: set[str] = set()
        waiting = {name for document in documents for name in _REFERENCE.findall(document)}
        while waiting:
            name = waiting.pop()
            reached.add(name)
            if name in self._scripts and not name.startswith("manifest-"):
                waiting |= self._scripts[name].imports - reached
        return frozenset(reached)

    def areas_of(self, names: Iterable[str]) -> frozenset[str]:
        """List what could be areas of texts in some scripts.

        Args:
            names: The scripts' files.

        Returns:
            The names of the areas, and other words that stand where a key could.
        """
        known = (self._scripts.get(name) for name in names)
        return frozenset(area for script in known if script for area in script.areas)


def _routes(manifest: str) -> dict[str, str]:
    """Read React Router's list of routes, and spell them as Reflex does."""
    found = _MANIFEST.search(manifest)
    routes = json.loads(found[1])["routes"].values() if found else ()
    return {
        _spelled(route.get("path", "")): route["module"]
        for route in routes
        if route["id"] not in (_ROOT, _NOTHING_FOUND)
    }


def _spelled(path: str) -> str:
    """Spell a route as Reflex does: `posts/:slug` as `/posts/[slug]`."""
    path = re.sub(r":(\w+)\?", r"[[\1]]", path)
    path = re.sub(r":(\w+)", r"[\1]", path)
    return "/" + path.replace("*", "[[...splat]]")


def _read(file: Path) -> _Script:
    text = file.read_text("utf-8")
    return _Script(frozenset(_REFERENCE.findall(text)), frozenset(_AREA.findall(text)))
