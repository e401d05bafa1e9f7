"""Built pages, localized, with the session in their HTML."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

from starlette.types import Scope

from ...core.errors import AuthError, sign_in_error
from ...core.locales import DEFAULT, Locales, Texts
from ...core.utils import parse_weights, write_json
from ..cookies import by_name
from ..router import PRIVATE, RawHeaders, encode_headers, header
from .compression import PrecompressedTemplate, Values
from .policy import STRICT, Policy, recorded

LANGUAGE_COOKIE = "language"
"""The cookie that keeps the language that the user chose."""

DATA_ID = "session-data"
"""The id of the element with the session for the page's script."""

LOCALE_ID = "locale-data"
"""The id of the element with the texts for the page's script."""

TEMPLATE_ID = "locale-template"
"""The id of the element with a page's body as it was built."""

PLACEHOLDER = re.compile(
    r"\{\{((?:session|request)\.[a-z_][a-z0-9_.]*)(?:\?[^}]*)?\}\}", re.IGNORECASE
)
TEXT = re.compile(r"\{\{t\.(?P<key>[a-z_][a-z0-9_.]*)(?:\?(?P<values>[^}]*))?\}\}", re.IGNORECASE)
_BODY = re.compile(r"(<body\b[^>]*>)")
_LANGUAGE = re.compile(r'(<html\b[^>]*\blang=")[^"]*')
_PARAMETER = re.compile(r"\{(\w+)\}")
_DATA = '<script type="application/json" id="{}">'
_END_DATA = "</script>"
_MAX_CACHED = 1024
_MAX_ENCODINGS = 256
_MAX_CACHED_ENCODINGS = 256
_GZIP = (b"content-encoding", b"gzip")

_Fields: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Translation:
    """The texts of one language for some pages."""

    language: str
    texts: Texts

    @cached_property
    def element(self) -> str:
        """The element with the texts for a page's script."""
        data = _dump({"language": self.language, "texts": dict(self.texts)})
        return _DATA.format(LOCALE_ID) + data.decode() + _END_DATA

    def only(self, areas: Collection[str]) -> Translation:
        """Leave out the texts of other areas."""
        chosen = {k: text for k, text in self.texts.items() if k.partition(".")[0] in areas}
        return Translation(self.language, chosen)

    def t(self, key: str, values: Mapping[str, Any]) -> str:
        """Translate; an unknown key stays itself."""
        text = self.texts.get(key, key)
        return _PARAMETER.sub(lambda found: str(values.get(found[1], found[0])), text)

    def explain_query(self, query: Mapping[str, str]) -> str:
        """Explain the error that led to a page; empty if there is none."""
        error = sign_in_error(query)
        exact = f"error.{error.get('code')}.{error.get('reason')}"
        return self.texts.get(exact) or self.t(f"error.{error['code']}", {}) if error else ""

    def explain(self, error: AuthError) -> str:
        """Translate an error; its own message is used if there is no text."""
        exact, general = f"error.{error.code}.{error.reason}", f"error.{error.code}"
        key = exact if exact in self.texts or "text" in error.values else general
        if key not in self.texts:
            return error.message
        return self.t(key, {**error.values, "field": error.field})


def language_of(scope: Scope, locales: Locales, sent: Mapping[str, list[str]] | None = None) -> str:
    """Choose the language of a response; `sent` are the cookies, if they are parsed already."""
    values = (by_name(scope) if sent is None else sent).get(LANGUAGE_COOKIE)
    return locales.choose(values[0] if values else None, header(scope, b"accept-language"))


def takes_gzip(scope: Scope) -> bool:
    """Tell whether the client prefers a compressed page."""
    accepted = header(scope, b"accept-encoding")
    return len(accepted) <= _MAX_ENCODINGS and _takes_gzip(accepted)


@lru_cache(_MAX_CACHED_ENCODINGS)
def _takes_gzip(accepted: str) -> bool:
    weights = dict(parse_weights(accepted))
    gzip = weights.get("gzip", weights.get("*", 0.0))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


class LocalizedTemplate:
    """A page in one language; only the session and what the request brings are still missing.

    A placeholder is the path of a value, such as `session.user.name` or `request.csrfToken`, or
    empty for the whole session as JSON.
    """

    def __init__(self, texts: Iterable[str], placeholders: Sequence[str]) -> None:
        self._placeholders = placeholders
        self._of_request = {p.partition(".")[2] for p in placeholders if p.startswith("request.")}
        self._template = PrecompressedTemplate([each.encode("utf-8", "replace") for each in texts])
        self._compressed = lru_cache(_MAX_CACHED)(self._compress)

    def render(
        self, session: Mapping[str, Any] | None, request: Mapping[str, str] = {}, *, gzip: bool
    ) -> bytes:
        data = _dump(session)
        own = tuple(each for each in request.items() if each[0] in self._of_request)
        if not gzip:
            return self._template.fill(self._values(data, own))
        # Each anonymous visitor has another CSRF token.
        compress = self._compress if own and session is None else self._compressed
        return b"".join(compress(data, own))

    def _compress(self, data: bytes, request: _Fields) -> Sequence[bytes]:
        return self._template.fill_gzip(self._values(data, request))

    def _values(self, data: bytes, request: _Fields) -> Values:
        """List the values as the page's script reads them: from JSON."""
        root = {"session": json.loads(data), "request": dict(request)}
        return tuple(_value(root, path) if path else data for path in self._placeholders)


class Template:
    """A built page."""

    def __init__(self, document: str, *, policy: Policy = STRICT) -> None:
        document = recorded(document)
        self._headers = encode_headers(
            {
                **PRIVATE,
                "vary": "Cookie, Accept-Encoding, Accept-Language",
                "content-type": "text/html; charset=utf-8",
                **policy.headers(document),
            }
        )
        self._document = document
        self._localized: dict[Translation, LocalizedTemplate] = {}

    def headers(self, *, gzip: bool) -> RawHeaders:
        return [*self._headers, _GZIP] if gzip else [*self._headers]

    def localize(self, translation: Translation) -> LocalizedTemplate:
        if translation not in self._localized:
            self._localized[translation] = self._localize(translation)
        return self._localized[translation]

    def _localize(self, translation: Translation) -> LocalizedTemplate:
        """Fill in the texts, and add the data for the script to the head."""
        head, end, body = self._document.partition("</head>")
        if end:
            head = _LANGUAGE.sub(rf"\g<1>{translation.language}", head, count=1)
        else:
            head, body = "", head
        texts, placeholders = _split(head, translation)
        others, more = _split(body, translation)
        texts[-1] += translation.element + _DATA.format(DATA_ID)
        others[0] = _END_DATA + end + others[0]
        return LocalizedTemplate([*texts, *others], [*placeholders, "", *more])


def _split(document: str, translation: Translation) -> tuple[list[str], list[str]]:
    """Split a document at its placeholders, and fill in the texts between them."""
    pieces = PLACEHOLDER.split(document)
    return [fill_texts(piece, translation) for piece in pieces[::2]], pieces[1::2]


def fill_texts(document: str, translation: Translation) -> str:
    def fill(found: re.Match[str]) -> str:
        values = json.loads(unquote(html.unescape(found["values"] or "{}")))
        return html.escape(translation.t(found["key"], values))

    return TEXT.sub(fill, document)


def localize_files(folder: Path, locales: Locales) -> None:
    """Write the default language's texts into built pages that another server serves.

    What was built stays in a template, from which `i18n.js` takes another language's texts.
    """
    translation = Translation(DEFAULT, locales.texts(DEFAULT))
    for file in folder.rglob("*.html"):
        built = PLACEHOLDER.sub("", recorded(file.read_text("utf-8")))
        head, tag, body = _BODY.split(built, maxsplit=1)
        if TEXT.search(body):
            tag += f'<template id="{TEMPLATE_ID}">{body.partition("</body>")[0]}</template>'
        page = fill_texts(head, translation) + tag + fill_texts(body, translation)
        file.write_text(page, "utf-8")


def _value(root: Any, path: str) -> bytes:
    """Encode the value at a path; empty if there is none."""
    value = root
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return b"" if value is None else html.escape(str(value)).encode("utf-8", "replace")


def _dump(value: object) -> bytes:
    """Write JSON that can't end the element that it is in."""
    return write_json(value).replace(b"<", b"\\u003c")
