"""The built site: which page is behind a path, and which script belongs to whom."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from ...core.guard import PageRules, Rule
from ...core.routes import pattern_of
from ..messages.security_headers import STRICT, Policy
from .scripts import EndpointsScript, Scripts
from .templates import Template

_LOOK = re.compile(r'<link\b[^>]*\brel="(?:stylesheet|icon|apple-touch-icon)"[^>]*>')
_MOST_PATHS = 512
_LONGEST_REMEMBERED = 1024
_SHELL = "__spa-fallback.html"
_SHELLS = ("/__spa-fallback", "/404")
_PACKED = re.compile(r"\.(gz|br|zst)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """What is behind a path.

    Attributes:
        path: The canonical path.
        rule: Who may see the page; None for everyone.
        template: What was built; None if there is a page only for a file system to which letter
            case doesn't matter.
    """

    path: str
    rule: Rule | None
    template: Template | None


class Site:
    """The pages and scripts of a production build.

    Scripts are closed unless a public page needs them: what is not reachable from
    a public page's HTML by imports is for signed-in visitors.

    Attributes:
        public_areas: The areas of texts that public pages use.
        links: The elements that give a page the site's look.
    """

    def __init__(self, folder: Path, rules: PageRules, *, policy: Policy = STRICT) -> None:
        """Read a build.

        Args:
            folder: The folder with the built pages.
            rules: Which pages are for whom.
            policy: What the pages may do.
        """
        pages = {
            _page_path(folder, file): file.read_text("utf-8") for file in folder.rglob("index.html")
        }
        self._rules = rules
        self._pages = {
            path: Page(path, rules.of(path), Template(document, policy=policy))
            for path, document in pages.items()
        }
        self._known = frozenset(path.casefold() for path in pages)
        endpoints = (folder / "assets").glob("reflex-env-*.js")
        self._endpoints = {
            file.name: EndpointsScript(file.read_text("utf-8")) for file in endpoints
        }
        self.links = "\n".join(_LOOK.findall(next(iter(pages.values()), "")))
        scripts = Scripts(folder / "assets")
        self._dynamic = {pattern_of(route) for route in scripts.dynamic_routes}
        self._shell = Template((folder / _SHELL).read_text("utf-8"), policy=policy)
        public = [text for path, text in pages.items() if rules.of(path) is None]
        public += [
            script for route, script in scripts.dynamic_routes.items() if rules.of(route) is None
        ]
        self._public_scripts = scripts.needed_by(public)
        self._readers = _readers({**pages, **scripts.dynamic_routes}, rules, scripts)
        self.public_areas = scripts.areas_of(self._public_scripts)

    def page(self, path: str) -> Page | None:
        """Find a page.

        Args:
            path: A canonical path.

        Returns:
            The page, or None if there would be none whatever the letter case.
        """
        page = self._pages.get(path)
        if page is None:
            is_dynamic = self._is_dynamic(path)
            if is_dynamic or path.casefold() in self._known:
                page = Page(path, self.rule(path), self._shell if is_dynamic else None)
        return page

    def is_shell(self, path: str) -> bool:
        """Tell whether a path means the empty page that the build makes for addresses without one.

        Args:
            path: A canonical path.

        Returns:
            Whether it does.
        """
        return path.casefold() in _SHELLS

    def rule(self, path: str) -> Rule | None:
        """Find the rule for a page.

        Args:
            path: A canonical path.

        Returns:
            The rule, or None if the page is public.
        """
        return self._rules.of(path)

    def endpoints_script(self, name: str) -> EndpointsScript | None:
        """Find the script that tells pages where the server is.

        Args:
            name: The file's name.

        Returns:
            The script, or None if it is another one.
        """
        return self._endpoints.get(name)

    def is_public_script(self, name: str) -> bool:
        """Tell whether anonymous visitors may have a script.

        Args:
            name: The file's name, packed or not.

        Returns:
            Whether a public page needs it.
        """
        return _PACKED.sub("", name) in self._public_scripts

    def pages_with(self, name: str) -> list[str]:
        """List the protected pages that need a script.

        Args:
            name: The file's name, packed or not.

        Returns:
            Their paths or routes.
        """
        return self._readers.get(_PACKED.sub("", name), [])

    def _is_dynamic(self, path: str) -> bool:
        return any(pattern.fullmatch(path.casefold()) for pattern in self._dynamic)


def canonical(path: str) -> str:
    """Find the page that a path means, however it is spelled.

    Args:
        path: A decoded path, like `//x/../client/index.html.gz`.

    Returns:
        The page's one path, like `/client`.
    """
    return _remembered(path) if len(path) <= _LONGEST_REMEMBERED else _canonical(path)


def page_at(address: str) -> str:
    """Find the page that is at an address, as `canonical` does for a decoded path.

    Args:
        address: The path as a browser spells it, with its escapes, like `/%63lient/`.

    Returns:
        The page's one path, like `/client`.
    """
    return canonical(unquote(address))


def _canonical(path: str) -> str:
    clean = posixpath.normpath("/" + path.replace("\\", "/").lstrip("/"))
    clean = _PACKED.sub("", clean)
    stem, dot, ending = clean.rpartition(".")
    if dot and ending.casefold() == "html":
        clean = stem
    if posixpath.basename(clean).casefold() == "index":
        clean = posixpath.dirname(clean)
    return clean or "/"


_remembered = lru_cache(_MOST_PATHS)(_canonical)


def _readers(pages: Mapping[str, str], rules: PageRules, scripts: Scripts) -> dict[str, list[str]]:
    """Tell which protected pages need each script."""
    readers: defaultdict[str, list[str]] = defaultdict(list)
    for path, document in pages.items():
        if rules.of(path) is not None:
            for name in scripts.needed_by([document]):
                readers[name].append(path)
    return dict(readers)


def _page_path(folder: Path, file: Path) -> str:
    return canonical("/" + file.relative_to(folder).as_posix())
