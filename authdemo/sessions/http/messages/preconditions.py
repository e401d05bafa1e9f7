"""On which revisions of the session a request insists (RFC 9110, section 13.1.1)."""

from __future__ import annotations

import re
from collections.abc import Collection

from starlette.types import Scope

from .errors import PreconditionRefused

_TAG = re.compile(r'(W/)?"([0-9]{1,15})"')


def expected_revs(scope: Scope) -> Collection[int] | None:
    """Read `If-Match`, all lines of it as one list.

    Args:
        scope: The request.

    Returns:
        The revisions of which the session must be at one; None if it may be at any.

    Raises:
        PreconditionRefused: If it names no revisions, or only weak ones, which never match.
    """
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
        raise PreconditionRefused(
            'A weak revision never matches. Send it like "3" in If-Match.', 412
        )
    return strong


def _rev(item: str) -> int | None:
    """Read one revision; a weak one is none."""
    tag = _TAG.fullmatch(item)
    if tag is None:
        raise _malformed()
    return None if tag[1] else int(tag[2])


def _malformed() -> PreconditionRefused:
    return PreconditionRefused('If-Match takes revisions in quotes, like "3", or *.')
