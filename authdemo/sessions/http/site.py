"""The built site: which page is behind a path, and which script belongs to whom."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from pathlib import Path

from ..core.errors import ConfigurationError
from .scripts import EndpointsScript, Scripts
from .templates import Template

_LOOK = re.compile(r'<link\b[^>]*\brel="(?:stylesheet|icon|apple-touch-icon)"[^>]*>')
_PACKED = re.compile(r"\.(gz|br|zst)$", re.IGNORECASE)


class Site:
    """The pages and scripts of a production build.

    Scripts are closed unless a public page needs them: what is not reachable from
    a public page's HTML by imports is for signed-in visitors.

    Attributes:
        public_areas: The areas of texts that public pages use.
        links: The elements that give a page the site's look.
    """

    def __init__(
        self, folder: Path, protected: Collection[str], *, allow_eval: bool = False
    ) -> None:
        """Read a build.

        Args:
            folder: The folder with the built pages.
            protected: The paths of the protected pages.
            allow_eval: Whether the pages' scripts may use `eval`.

        Raises:
            ConfigurationError: If a protected page doesn't exist.
        """
        pages = {
            _page_path(folder, file): file.read_text("utf-8") for file in folder.rglob("index.html")
        }
        unknown = {canonical(path) for path in protected} - pages.keys()
        if unknown:
            raise ConfigurationError(
                f"Pages.protected names pages that don't exist: {sorted(unknown)}."
            )
        self._protected = frozenset(canonical(path).casefold() for path in protected)
        self._templates = {
            path: Template(document, allow_eval=allow_eval) for path, document in pages.items()
        }
        endpoints = (folder / "assets").glob("reflex-env-*.js")
        self._endpoints = {
            file.name: EndpointsScript(file.read_text("utf-8")) for file in endpoints
        }
        self.links = "\n".join(_LOOK.findall(next(iter(pages.values()), "")))
        scripts = Scripts(folder / "assets")
        public = [text for path, text in pages.items() if not self.is_protected(path)]
        self._public_scripts = scripts.needed_by(public)
        self.public_areas = scripts.areas_of(self._public_scripts)

    def page(self, path: str) -> Template | None:
        """Find a page.

        Args:
            path: A canonical path.

        Returns:
            The page, or None.
        """
        return self._templates.get(path)

    def is_protected(self, path: str) -> bool:
        """Tell whether a page is for signed-in visitors.

        Args:
            path: A canonical path.

        Returns:
            Whether it is; letter case doesn't matter, as on some file systems.
        """
        return path.casefold() in self._protected

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


def canonical(path: str) -> str:
    """Find the page that a path means, however it is spelled.

    Args:
        path: A decoded path, like `//x/../client/index.html.gz`.

    Returns:
        The page's one path, like `/client`.
    """
    clean = posixpath.normpath("/" + path.replace("\\", "/").lstrip("/"))
    clean = _PACKED.sub("", clean)
    stem, dot, ending = clean.rpartition(".")
    if dot and ending.casefold() == "html":
        clean = stem
    if posixpath.basename(clean).casefold() == "index":
        clean = posixpath.dirname(clean)
    return clean or "/"


def _page_path(folder: Path, file: Path) -> str:
    return canonical("/" + file.relative_to(folder).as_posix())
