"""Request headers: negotiation, preconditions (RFC 9110) and Fetch Metadata."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from starlette.types import Scope

from ..core.locales import Locales
from ..core.utils import parse_weights
from . import cookies
from .responses import PreconditionFailed

LANGUAGE_COOKIE = "language"
"""The cookie that keeps the language that the user chose."""

_MAX_CACHED = 256
_MAX_ENCODINGS = 256
_TAG = re.compile(r'(W/)?"([0-9]{1,15})"')


def find_header(scope: Scope, name: bytes) -> str | None:
    """Find a header."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return None


def header(scope: Scope, name: bytes) -> str:
    """Find a header; empty if there is none."""
    return find_header(scope, name) or ""


def is_from_script(scope: Scope) -> bool:
    """Tell whether a page's script sends the request, not a person or a program."""
    return header(scope, b"sec-fetch-mode") in ("cors", "same-origin", "no-cors")


def wants_page(scope: Scope) -> bool:
    """Tell whether a person sees the response: browsers ask for HTML by name."""
    return "text/html" in header(scope, b"accept")


def language_of(scope: Scope, locales: Locales, sent: Mapping[str, list[str]] | None = None) -> str:
    """Choose the language of a response; `sent` are the cookies, if they are parsed already."""
    values = (cookies.by_name(scope) if sent is None else sent).get(LANGUAGE_COOKIE)
    return locales.choose(values[0] if values else None, header(scope, b"accept-language"))


def takes_gzip(scope: Scope) -> bool:
    """Tell whether the client prefers a compressed page."""
    accepted = header(scope, b"accept-encoding")
    return len(accepted) <= _MAX_ENCODINGS and _takes_gzip(accepted)


@lru_cache(_MAX_CACHED)
def _takes_gzip(accepted: str) -> bool:
    weights = dict(parse_weights(accepted))
    gzip = weights.get("gzip", weights.get("*", 0.0))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def expected_revs(scope: Scope) -> Collection[int] | None:
    """Read the revisions of `If-Match`; None if any will do."""
    lines = [value for name, value in scope["headers"] if name == b"if-match"]
    field = b",".join(lines).decode("latin-1")
    if not lines or field == "*":
        return None
    items = [item for part in field.split(",") if (item := part.strip(" \t"))]
    tags = [_TAG.fullmatch(item) for item in items]
    if not tags or None in tags:
        raise PreconditionFailed('If-Match takes revisions in quotes, like "3", or *.')
    strong = {int(tag[2]) for tag in tags if tag and not tag[1]}
    if not strong:
        message = 'A weak revision never matches. Send it like "3" in If-Match.'
        raise PreconditionFailed(message, 412)
    return strong
