"""A production build: its pages, their scripts, and its other files."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import quote

from ...core.rules import PageRules, Rule, fold, page_address, page_path, pattern_of
from .policy import STRICT, Policy
from .render import Template

_ORIGIN = re.compile(r"(https?|wss?)://[\w.:-]+")
_REFERENCE = re.compile(r"""["'`](?:\./|/assets/|assets/)([\w.~()\[\]-]+\.js)["'`]""")
_MANIFEST = re.compile(r"__reactRouterManifest=(\{.*\})", re.DOTALL)
_ROOT, _NOT_FOUND = "root", "routes/[404]._index"
_NOT_FOUND_PAGE = "404"
_AREA = re.compile(r"""["'`](\w+)\.""")
_LINK = re.compile(r'<link\b[^>]*\brel="(?:stylesheet|icon|apple-touch-icon)"[^>]*>')
_SCRIPTS = "/assets/"
_SHELL = "__spa-fallback.html"
_SHELLS = ("/__spa-fallback.html", "/404.html")
_MAX_MISTYPED = 64
_CLOSE = 0.75
_COMPRESSED = re.compile(r"\.(gz|br|zst)$", re.IGNORECASE)


def insert_origin(script: str, base_url: str) -> str:
    """Insert the app's origin, as the browser sees it, into the script with the server's URLs."""
    scheme, _, host = base_url.partition("://")
    socket = "wss" if scheme == "https" else "ws"
    schemes = {"http": scheme, "https": scheme, "ws": socket, "wss": "wss"}
    return _ORIGIN.sub(lambda found: f"{schemes[found[1]]}://{host}", script)


class Scripts:
    """A build's scripts and their imports."""

    def __init__(self, assets: Path) -> None:
        texts = {file.name: file.read_text("utf-8") for file in assets.glob("*.js")}
        self._imports = {name: set(_REFERENCE.findall(text)) for name, text in texts.items()}
        self._areas = {name: set(_AREA.findall(text)) for name, text in texts.items()}
        manifest = next(assets.glob("manifest-*.js"), None)
        self.routes = _routes(manifest.read_text("utf-8")) if manifest else {}

    def reachable_from(self, documents: Iterable[str]) -> frozenset[str]:
        """List the scripts that pages load; the route manifest only names files."""
        reached: set[str] = set()
        waiting = {name for document in documents for name in _REFERENCE.findall(document)}
        while waiting:
            name = waiting.pop()
            reached.add(name)
            if not name.startswith("manifest-"):
                waiting |= self._imports.get(name, set()) - reached
        return frozenset(reached)

    def areas_of(self, names: Iterable[str] | None = None) -> frozenset[str]:
        """List the possible areas of texts in scripts; in all of them by default."""
        known = self._areas if names is None else names
        return frozenset().union(*(self._areas.get(name, ()) for name in known))


def _routes(manifest: str) -> dict[str, str]:
    """Read React Router's routes, in Reflex's spelling."""
    found = _MANIFEST.search(manifest)
    routes = json.loads(found[1])["routes"].values() if found else ()
    return {
        _NOT_FOUND_PAGE
        if route["id"] == _NOT_FOUND
        else _reflex_route(route.get("path", "")): route["module"]
        for route in routes
        if route["id"] != _ROOT
    }


def _reflex_route(path: str) -> str:
    """Spell a route as Reflex does: `posts/:slug` as `/posts/[slug]`."""
    path = re.sub(r":(\w+)\?", r"[[\1]]", path)
    path = re.sub(r":(\w+)", r"[\1]", path)
    return "/" + path.replace("*", "[[...splat]]")


@dataclass(frozen=True, slots=True)
class Page:
    """A page at a path."""

    path: str
    address: str
    rule: Rule | None
    template: Template


class Site:
    """The pages, scripts and files of a production build.

    A script is public only if it is reachable from a public page by imports. All others are for
    signed-in users.

    Attributes:
        policy: The pages' security policy.
        files: The paths of files other than pages.
        endpoints: The scripts with the server's URLs, by name.
        route_modules: The pages' own modules, whose exports nothing else imports.
        public_scripts: The scripts that everyone may load.
        pages_with: The protected pages that load a script, by its name.
    """

    def __init__(self, folder: Path, rules: PageRules, *, policy: Policy = STRICT) -> None:
        scripts = Scripts(folder / "assets")
        documents = _documents(folder, scripts.routes)
        dynamic = {route: script for route, script in scripts.routes.items() if "[" in route}
        self._rules, self.policy = rules, policy
        self._pages = {
            path: Page(
                path, page_address(quote(path)), rules.of(path), Template(document, policy=policy)
            )
            for path, document in documents.items()
        }
        self._paths = {fold(path): path for path in documents}
        self._aliases = _aliases(documents)
        self.files = frozenset(self._list_files(folder))
        self.endpoints = {
            file.name: file.read_text("utf-8")
            for file in (folder / "assets").glob("reflex-env-*.js")
        }
        self.links = "\n".join(_LINK.findall(next(iter(documents.values()), "")))
        self._dynamic = {pattern_of(route) for route in dynamic}
        self._shell = Template((folder / _SHELL).read_text("utf-8"), policy=policy)
        modules = scripts.routes.values()
        self.route_modules = frozenset(each.removeprefix(_SCRIPTS) for each in modules)
        entries = [(path, rules.of(path), text) for path, text in documents.items()]
        entries += [(path, rules.of_route(path), f'"{name}"') for path, name in dynamic.items()]
        public = [text for _, rule, text in entries if rule is None]
        public.append(f'"{scripts.routes.get(_NOT_FOUND_PAGE, "")}"')  # for links to unknown paths
        self.public_scripts = scripts.reachable_from(public)
        self.pages_with: defaultdict[str, list[tuple[str, Rule]]] = defaultdict(list)
        for path, rule, text in entries:
            if rule is not None:
                for name in scripts.reachable_from([text]):
                    self.pages_with[name].append((path, rule))
        self.public_areas = scripts.areas_of(self.public_scripts)
        self.areas = scripts.areas_of()

    def page(self, address: str) -> Page | None:
        """Find the page at a canonical path, as React Router does, or by an alias."""
        path = page_path(address)
        folded = fold(path)
        known = self._paths.get(folded)
        if known is None and any(pattern.fullmatch(folded) for pattern in self._dynamic):
            return Page(path, page_address(address), self._rules.of(path), self._shell)
        return self._pages.get(known or self._aliases.get(folded, ""))

    def nearest(self, address: str) -> str:
        """Find the page that a mistyped path may mean, among those for all users."""
        known = [
            each.address
            for each in self._pages.values()
            if each.rule is None or each.rule.allows_all_members
        ]
        wanted = fold(page_path(address))[:_MAX_MISTYPED]
        return next(iter(get_close_matches(wanted, known, n=1, cutoff=_CLOSE)), "")

    def _list_files(self, folder: Path) -> Iterable[str]:
        """List the files that are served as they are: no page's HTML, and no compressed copy."""
        found = {
            f"/{each.relative_to(folder).as_posix()}"
            for each in folder.rglob("*")
            if each.is_file()
        }
        for path in found:
            plain = _COMPRESSED.sub("", path)
            is_copy = plain != path and plain in found
            if not is_copy and fold(path) not in self._aliases and path not in _SHELLS:
                yield path


def _documents(folder: Path, routes: Collection[str]) -> dict[str, str]:
    """Read the built pages, by path.

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
    """Name the files of pages, which users may request: `/x/index.html` is `/x`."""
    aliases = {fold(f"{path.rstrip('/')}.html"): path for path in paths}
    return aliases | {fold(f"{path.rstrip('/')}/index.html"): path for path in paths}
