"""The built pages: their routes and scripts."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ...core.rules import PageRules, Rule, fold, page_address, page_path, pattern_of
from ..security_headers import STRICT, Policy
from .render import Template

_ADDRESS = re.compile(r"(https?|wss?)://[\w.:-]+")
_REFERENCE = re.compile(r"""["'`](?:\./|/assets/|assets/)([\w.~()\[\]-]+\.js)["'`]""")
_MANIFEST = re.compile(r"__reactRouterManifest=(\{.*\})", re.DOTALL)
_ROOT, _NOTHING_FOUND = "root", "routes/[404]._index"
_AREA = re.compile(r"""["'`]([a-z]+)\.""")


class EndpointsScript:
    """The script that names the server's addresses, which a build can't know yet."""

    def __init__(self, script: str) -> None:
        self._pieces = _ADDRESS.split(script)

    def addressed_to(self, base_url: str) -> str:
        """Name the addresses as the visitor's browser sees them."""
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
    """Follows the imports of a build's scripts."""

    def __init__(self, assets: Path) -> None:
        self._scripts = {file.name: _read(file) for file in assets.glob("*.js")}
        manifest = next(assets.glob("manifest-*.js"), None)
        self.routes = _routes(manifest.read_text("utf-8")) if manifest else {}

    def needed_by(self, documents: Iterable[str]) -> frozenset[str]:
        """List the scripts that pages load; the route manifest only names files."""
        reached: set[str] = set()
        waiting = {name for document in documents for name in _REFERENCE.findall(document)}
        while waiting:
            name = waiting.pop()
            reached.add(name)
            if name in self._scripts and not name.startswith("manifest-"):
                waiting |= self._scripts[name].imports - reached
        return frozenset(reached)

    def areas_of(self, names: Iterable[str]) -> frozenset[str]:
        """List what could be areas of texts in some scripts."""
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


_LOOK = re.compile(r'<link\b[^>]*\brel="(?:stylesheet|icon|apple-touch-icon)"[^>]*>')
_SCRIPTS = "/assets/"
_SHELL = "__spa-fallback.html"
_SHELLS = ("/__spa-fallback.html", "/404.html")
_PACKED = re.compile(r"\.(gz|br|zst)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """What is behind a path."""

    path: str
    address: str
    rule: Rule | None
    template: Template


class Site:
    """The pages, scripts and files of a production build.

    Scripts are closed unless a public page needs them: what is not reachable from
    a public page's HTML by imports is for signed-in visitors.
    """

    def __init__(self, folder: Path, rules: PageRules, *, policy: Policy = STRICT) -> None:
        scripts = Scripts(folder / "assets")
        pages = _documents(folder, scripts.routes)
        dynamic = {route: script for route, script in scripts.routes.items() if "[" in route}
        self._rules = rules
        self._pages = {
            path: Page(
                path, page_address(quote(path)), rules.of(path), Template(document, policy=policy)
            )
            for path, document in pages.items()
        }
        self._spellings = {fold(path): path for path in pages}
        self._aliases = _aliases(pages)
        self._files = frozenset(self._list_files(folder))
        self._endpoints = {
            file.name: EndpointsScript(file.read_text("utf-8"))
            for file in (folder / "assets").glob("reflex-env-*.js")
        }
        self.links = "\n".join(_LOOK.findall(next(iter(pages.values()), "")))
        self._dynamic = {pattern_of(route) for route in dynamic}
        self._shell = Template((folder / _SHELL).read_text("utf-8"), policy=policy)
        self._route_modules = frozenset(map(_name_of, scripts.routes.values()))
        public = [text for path, text in pages.items() if rules.of(path) is None]
        public += [f'"{name}"' for route, name in dynamic.items() if rules.of_route(route) is None]
        self._public_scripts = scripts.needed_by(public)
        self._readers = _readers(
            [(path, rules.of(path), text) for path, text in pages.items()]
            + [(route, rules.of_route(route), f'"{name}"') for route, name in dynamic.items()],
            scripts,
        )
        self.public_areas = scripts.areas_of(self._public_scripts)

    def page(self, address: str) -> Page | None:
        """Find the page at an address: the one that React Router shows there, or an alias's."""
        path = page_path(address)
        spelled = fold(path)
        known = self._spellings.get(spelled)
        if known is None and any(pattern.fullmatch(spelled) for pattern in self._dynamic):
            return Page(path, page_address(address), self._rules.of(path), self._shell)
        return self._pages.get(known or self._aliases.get(spelled, ""))

    def is_file(self, path: str) -> bool:
        """Tell whether a file of the build that is no page's is at a path, as it is spelled."""
        return path in self._files

    def endpoints_script(self, name: str) -> EndpointsScript | None:
        """Find the script that tells pages where the server is."""
        return self._endpoints.get(name)

    def is_route_module(self, name: str) -> bool:
        """Tell whether a script is a page's own module, of which React Router needs no name."""
        return name in self._route_modules

    def is_public_script(self, name: str) -> bool:
        """Tell whether anonymous visitors may have a script."""
        return name in self._public_scripts

    def pages_with(self, name: str) -> Collection[tuple[str, Rule]]:
        """List the protected pages that need a script."""
        return self._readers.get(name, ())

    def _list_files(self, folder: Path) -> Iterable[str]:
        """List the files that are served as they are: no page's HTML, and no packed copy."""
        found = {
            f"/{each.relative_to(folder).as_posix()}"
            for each in folder.rglob("*")
            if each.is_file()
        }
        for path in found:
            plain = _PACKED.sub("", path)
            is_copy = plain != path and plain in found
            if not is_copy and fold(path) not in self._aliases and path not in _SHELLS:
                yield path


def _documents(folder: Path, routes: Collection[str]) -> dict[str, str]:
    """Read the pages that were built, by path.

    Reflex copies `/x/index.html` to `/x.html`, so that the page of the route `/x/index` has a
    copy where that of `/x` would be.
    """
    files = {_page_of(folder, file): file for file in folder.rglob("index.html")}
    return {
        path: file.read_text("utf-8")
        for path, file in files.items()
        if path in routes or f"{path}/index" not in routes
    }


def _page_of(folder: Path, file: Path) -> str:
    return "/" + file.parent.relative_to(folder).as_posix().removeprefix(".")


def _aliases(paths: Iterable[str]) -> dict[str, str]:
    """Name the files of pages, by which people may ask for them; `/x/index.html` is of `/x`."""
    aliases = {fold(f"{path.rstrip('/')}.html"): path for path in paths}
    return aliases | {fold(f"{path.rstrip('/')}/index.html"): path for path in paths}


def _name_of(script: str) -> str:
    return script.removeprefix(_SCRIPTS)


def _readers(
    pages: Iterable[tuple[str, Rule | None, str]], scripts: Scripts
) -> dict[str, list[tuple[str, Rule]]]:
    """Tell which protected pages need each script."""
    readers: defaultdict[str, list[tuple[str, Rule]]] = defaultdict(list)
    for path, rule, document in pages:
        if rule is not None:
            for name in scripts.needed_by([document]):
                readers[name].append((path, rule))
    return dict(readers)
