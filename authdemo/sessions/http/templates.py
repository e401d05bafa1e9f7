"""Pages that were built once and show a session, in a language, on every request.

The build leaves a marker where a value of the session or a text belongs. Putting
it in is all the rendering that a request costs.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from ..core.errors import AuthError
from ..core.words import Texts
from .headers import content_security_policy

DATA_ID = "session-data"
"""The id of the element that hands the session to the page's script."""

WORDS_ID = "words-data"
"""The id of the element that hands the page's texts to its script."""

_MARKER = re.compile(
    r"\{\{(?P<kind>session|word)\.(?P<path>[a-z_][a-z0-9_.]*)(?:\?(?P<values>[^}]*))?\}\}",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r'(<html\b[^>]*\blang=")[^"]*')
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Wording:
    """The texts for some visitors.

    Attributes:
        language: Their language.
        texts: The texts by key.
    """

    language: str
    texts: Texts

    @cached_property
    def element(self) -> str:
        """The element that hands the texts to a page's script."""
        return _element(WORDS_ID, {"language": self.language, "texts": dict(self.texts)})

    def only(self, areas: Collection[str]) -> Wording:
        """Leave out what belongs to other areas."""
        chosen = {k: text for k, text in self.texts.items() if k.partition(".")[0] in areas}
        return Wording(self.language, chosen)

    def say(self, key: str, values: Mapping[str, Any]) -> str:
        """Say a text; a key that no language knows says itself."""
        text = self.texts.get(key, key)
        return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), text)

    def explain(self, error: AuthError) -> str:
        """Say what an error means, in its own words if the catalogs don't know it."""
        for key in (f"error.{error.code}.{error.reason}", f"error.{error.code}"):
            if key in self.texts:
                return self.say(key, {**error.values, "field": error.field})
        return error.message


@dataclass(frozen=True, slots=True)
class _Marker:
    kind: str
    path: str
    values: Mapping[str, Any]

    def fill(self, session: Mapping[str, Any] | None, wording: Wording) -> str:
        if self.kind == "word":
            return html.escape(wording.say(self.path, self.values))
        return html.escape(_look_up(session, self.path))


class Template:
    """A built page.

    Attributes:
        policy: Its Content-Security-Policy.
    """

    def __init__(self, document: str, *, allow_eval: bool = False) -> None:
        """Take a page apart.

        Args:
            document: The page's HTML.
            allow_eval: Whether its scripts may use `eval`.
        """
        self.policy = content_security_policy(document, allow_eval=allow_eval)
        self._pieces = _pieces(document)

    def render(self, session: Mapping[str, Any] | None, wording: Wording) -> bytes:
        """Show a session on the page.

        Args:
            session: The public session, or None.
            wording: The texts to say it with; all of them go along, for the pages
                that its links lead to.

        Returns:
            The HTML.
        """
        filled = "".join(
            piece if isinstance(piece, str) else piece.fill(session, wording)
            for piece in self._pieces
        )
        data = _element(DATA_ID, session) + wording.element
        head, separator, body = filled.partition("</head>")
        head = _LANGUAGE.sub(rf"\g<1>{wording.language}", head, count=1)
        return f"{head}{data}{separator}{body}".encode("utf-8", "replace")


def _pieces(document: str) -> list[str | _Marker]:
    pieces: list[str | _Marker] = []
    end = 0
    for found in _MARKER.finditer(document):
        values = json.loads(unquote(html.unescape(found["values"] or "{}")))
        pieces += [document[end : found.start()], _Marker(found["kind"], found["path"], values)]
        end = found.end()
    return [*pieces, document[end:]]


def _element(name: str, value: object) -> str:
    data = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{data}</script>'


def _look_up(session: Mapping[str, Any] | None, path: str) -> str:
    value: Any = session
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None else str(value)
