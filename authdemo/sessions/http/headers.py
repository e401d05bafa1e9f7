"""Headers of an ASGI scope, accepted encodings and preconditions (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from starlette.types import Scope

from ..core.utils import weighted
from .responses import PreconditionFailed


def find_header(scope: Scope, name: bytes) -> str | None:
    """Find a header."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return None


def header(scope: Scope, name: bytes) -> str:
    """Find a header as `find_header` does; one that didn't come is empty."""
    return find_header(scope, name) or ""


def is_from_script(scope: Scope) -> bool:
    """Tell whether a page's script sends a request, and no person or program (Fetch Metadata)."""
    return header(scope, b"sec-fetch-mode") in ("cors", "same-origin", "no-cors")


def wants_page(scope: Scope) -> bool:
    """Tell whether a person looks at the answer: browsers ask for HTML by name."""
    return "text/html" in header(scope, b"accept")


_MOST_REMEMBERED = 256
_LONGEST_READ = 256


def takes_gzip(scope: Scope) -> bool:
    """Tell whether a client would have a page packed."""
    accepted = header(scope, b"accept-encoding")
    return len(accepted) <= _LONGEST_READ and _takes_gzip(accepted)


@lru_cache(_MOST_REMEMBERED)
def _takes_gzip(accepted: str) -> bool:
    weights = dict(weighted(accepted))
    gzip = weights.get("gzip", weights.get("*", 0.0))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


_TAG = re.compile(r'(W/)?"([0-9]{1,15})"')


def expected_revs(scope: Scope) -> Collection[int] | None:
    """Read `If-Match`, all lines of it as one list."""
    lines = [value for name, value in scope["headers"] if name == b"if-match"]
    field = b",".join(lines).decode("latin-1")
    if not lines or field == "*":
        return None
    items = (part.strip(" \t") for part in field.split(","))
    revs = [_rev(item) for item in items if item]
    if not revs:
        raise _malformed()
    strong = {rev for rev in revs if rev is not None}
    if not strong:
        raise PreconditionFailed(
            'A weak revision never matches. Send it like "3" in If-Match.', 412
        )
    return strong


def _rev(item: str) -> int | None:
    """Read one revision; a weak one is none."""
    tag = _TAG.fullmatch(item)
    if tag is None:
        raise _malformed()
    return None if tag[1] else int(tag[2])


def _malformed() -> PreconditionFailed:
    return PreconditionFailed('If-Match takes revisions in quotes, like "3", or *.')
