"""Pages with the session in their HTML."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core import strict_json
from ...core.errors import AuthError
from ...core.locales import Texts
from ..cookies import RawHeaders
from ..responses import PRIVATE, encode_headers
from ..security_headers import STRICT, Policy, page_headers
from .compression import Form, Values

_NAMED_BY_CONTENT = re.compile(r"/assets/[^/]+-[\w-]{8}\.\w+")
_FOREVER = "public, max-age=31536000, immutable"
_FOUND = (200, 304)
_MEMBERS = "private, no-cache"


def is_named_by_content(path: str) -> bool:
    """Tell whether the build gave a file a name that changes with its content."""
    return _NAMED_BY_CONTENT.fullmatch(path) is not None


def cache_forever(app: ASGIApp) -> ASGIApp:
    """Serve what everyone may have, and let browsers keep what was found."""

    def mark(status: int, headers: MutableHeaders) -> None:
        if status in _FOUND:
            headers["Cache-Control"] = _FOREVER

    return _marked(app, mark)


def cache_private(app: ASGIApp) -> ASGIApp:
    """Serve what only members may have, and keep it out of the caches that others share.

    A browser asks each time whether it may still show it.
    """

    def mark(_: int, headers: MutableHeaders) -> None:
        headers["Cache-Control"] = _MEMBERS
        headers.add_vary_header("Cookie")

    return _marked(app, mark)


def _marked(app: ASGIApp, mark: Callable[[int, MutableHeaders], None]) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def pass_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                mark(message["status"], MutableHeaders(scope=message))
            await send(message)

        await app(scope, receive, pass_on)

    return serve


DATA_ID = "session-data"
"""The id of the element that hands the session to the page's script."""

LOCALE_ID = "locale-data"
"""The id of the element that hands the page's texts to its script."""

_MARKER = re.compile(
    r"\{\{(?P<kind>session|t)\.(?P<path>[a-z_][a-z0-9_.]*)(?:\?(?P<values>[^}]*))?\}\}",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r'(<html\b[^>]*\blang=")[^"]*')
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_BEGIN_DATA = '<script type="application/json" id="{}">'
_END_DATA = "</script>"
_MOST_SHOWN = 1024
_PACKED = ((b"content-encoding", b"gzip"),)


@dataclass(frozen=True, eq=False)
class LocalizedPage:
    """The texts for some visitors."""

    language: str
    texts: Texts

    @cached_property
    def element(self) -> str:
        """The element that hands the texts to a page's script."""
        data = _data({"language": self.language, "texts": dict(self.texts)})
        return _BEGIN_DATA.format(LOCALE_ID) + data.decode() + _END_DATA

    def only(self, areas: Collection[str]) -> LocalizedPage:
        """Leave out what belongs to other areas."""
        chosen = {k: text for k, text in self.texts.items() if k.partition(".")[0] in areas}
        return LocalizedPage(self.language, chosen)

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


class Template:
    """A built page."""

    def __init__(self, document: str, *, policy: Policy = STRICT) -> None:
        self._headers = _headers(policy.of(document))
        self._pieces = _pieces(document)
        self._sheets: dict[LocalizedPage, LocalizedTemplate] = {}

    def headers(self, *, gzip: bool) -> RawHeaders:
        """List the page's headers."""
        packing = _PACKED if gzip else ()
        return [*self._headers, *packing]

    def in_words(self, wording: LocalizedPage) -> LocalizedTemplate:
        """Write everything but the session."""
        if wording not in self._sheets:
            self._sheets[wording] = LocalizedTemplate(self._filled(wording))
        return self._sheets[wording]

    def _filled(self, wording: LocalizedPage) -> list[str | Placeholder]:
        said = [self._say(piece, wording) for piece in self._pieces]
        place = next((n for n, piece in enumerate(said) if "</head>" in str(piece)), None)
        if place is None:
            return [wording.element, *said, *_WHOLE_SESSION]
        head, end, body = str(said[place]).partition("</head>")
        before = [_in_language(piece, wording) for piece in (*said[:place], head)]
        return [*before, wording.element, *_WHOLE_SESSION, end + body, *said[place + 1 :]]

    def _say(self, piece: str | _Marker, wording: LocalizedPage) -> str | Placeholder:
        if isinstance(piece, str):
            return piece
        if piece.kind == "t":
            return html.escape(wording.say(piece.path, piece.values))
        return Placeholder(tuple(piece.path.split(".")))


@dataclass(frozen=True, slots=True)
class Placeholder:
    """The place of a value of the session; without a path, of all of it."""

    path: tuple[str, ...]

    def fill(self, session: Any) -> bytes:
        """Write the value, if there is one."""
        value = session
        for name in self.path:
            value = value.get(name) if isinstance(value, dict) else None
        return b"" if value is None else html.escape(str(value)).encode("utf-8", "replace")


_WHOLE = Placeholder(())
_WHOLE_SESSION = (_BEGIN_DATA.format(DATA_ID), _WHOLE, _END_DATA)


class LocalizedTemplate:
    """A page in one language, of which only the session isn't written yet."""

    def __init__(self, pieces: Iterable[str | Placeholder]) -> None:
        texts, self._slots = [""], list[Placeholder]()
        for piece in pieces:
            if isinstance(piece, str):
                texts[-1] += piece
            else:
                self._slots.append(piece)
                texts.append("")
        self._form = Form([text.encode("utf-8", "replace") for text in texts])
        self._packed = lru_cache(_MOST_SHOWN)(self._pack)

    def show(self, session: Mapping[str, Any] | None, *, gzip: bool) -> bytes:
        """Show a session on the page."""
        data = _data(session)
        return b"".join(self._packed(data)) if gzip else self._form.filled(self._read(data))

    def _pack(self, data: bytes) -> Sequence[bytes]:
        return self._form.packed(self._read(data))

    def _read(self, data: bytes) -> Values:
        """Say what each slot holds, as the page's script reads it; JSON never changes."""
        session = json.loads(data)
        return tuple(data if slot is _WHOLE else slot.fill(session) for slot in self._slots)


def _headers(policy: str) -> RawHeaders:
    return encode_headers(
        {
            **PRIVATE,
            "vary": "Cookie, Accept-Encoding, Accept-Language",
            "content-type": "text/html; charset=utf-8",
            **page_headers(policy),
        }
    )


def _in_language(piece: str | Placeholder, wording: LocalizedPage) -> str | Placeholder:
    if isinstance(piece, Placeholder):
        return piece
    return _LANGUAGE.sub(rf"\g<1>{wording.language}", piece, count=1)


def _pieces(document: str) -> list[str | _Marker]:
    pieces: list[str | _Marker] = []
    end = 0
    for found in _MARKER.finditer(document):
        values = json.loads(unquote(html.unescape(found["values"] or "{}")))
        pieces += [document[end : found.start()], _Marker(found["kind"], found["path"], values)]
        end = found.end()
    return [*pieces, document[end:]]


def _data(value: object) -> bytes:
    """Write JSON that no element ends in."""
    return strict_json.dumps(value).replace(b"<", b"\\u003c")
