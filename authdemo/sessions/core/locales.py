"""Locales: the texts for users, in each language of an app.

Each language is a file like `en.json`, with the same keys. A key is `area.name`, and a text may
contain `{placeholders}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from pydantic import TypeAdapter, ValidationError

from .errors import ConfigurationError
from .utils import parse_weights

DEFAULT = "en"
OWN = Path(__file__).parent.parent / "locales"
"""The package's own texts."""

_folders = [OWN]

_MAX_CACHED = 256
_MAX_ACCEPTED = 256

Texts: TypeAlias = Mapping[str, str]

_file = TypeAdapter(dict[str, str])


def add_locales(folder: Path) -> None:
    """Add the texts of an optional part; an app's own texts override them.

    Args:
        folder: The folder with a file for each language. Add it where the part is imported.
    """
    if folder not in _folders:
        _folders.append(folder)


class Locales:
    """An app's texts, which override the package's own."""

    def __init__(self, folder: Path | None = None) -> None:
        own, apps = _read(OWN), _read(folder) if folder else {}
        if folder is not None and DEFAULT not in apps:
            raise ConfigurationError(f"The folder {str(folder)!r} must hold {DEFAULT}.json.")
        self.languages = tuple(sorted(apps or own, key=lambda name: (name != DEFAULT, name)))
        self._apps = apps
        self._preferred = lru_cache(_MAX_CACHED)(self._preferred_of)

    @cached_property
    def _texts(self) -> dict[str, Texts]:
        layers = [*map(_read, _folders), self._apps]
        return {name: MappingProxyType(_layered(name, layers)) for name in self.languages}

    def texts(self, language: str) -> Texts:
        return self._texts[language]

    def choose(self, chosen: str | None, accepted: str) -> str:
        """Negotiate a language (RFC 9110, section 12.5.4)."""
        if chosen in self.languages:
            return chosen
        return self._preferred(accepted[:_MAX_ACCEPTED])

    def _preferred_of(self, accepted: str) -> str:
        weighted = sorted(parse_weights(accepted), key=lambda each: -each[1])
        wanted = (tag.partition("-")[0] for tag, weight in weighted if weight > 0)
        return next((language for language in wanted if language in self.languages), DEFAULT)


def _layered(language: str, layers: Iterable[Mapping[str, Texts]]) -> dict[str, str]:
    texts = (layer.get(name, {}) for layer in layers for name in (DEFAULT, language))
    return {key: text for each in texts for key, text in each.items()}


def _read(folder: Path) -> dict[str, Texts]:
    return {file.stem: _texts(file) for file in folder.glob("*.json")}


def _texts(file: Path) -> Texts:
    try:
        return _file.validate_python(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise ConfigurationError(
            f"{file} must hold one JSON object of keys and texts: {error}"
        ) from error
