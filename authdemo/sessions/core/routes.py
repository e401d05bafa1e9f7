"""The routes of pages: which paths each takes, and which route comes first where several do.

Reflex spells them, and React Router decides: the most specific route takes a path, in whatever
order the routes were declared. The guard of the pages reads a path as React Router does, so
that the page which is judged is the page which is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote, unquote

_SEGMENTS = (
    (re.compile(r"/\\\[\\\[\\\.\\\.\\\.\w+\\\]\\\]"), r"(?:/[^\n\r\u2028\u2029]*)?"),
    (re.compile(r"/\\\[\\\[\w+\\\]\\\]"), "(?:/[^/]+)?"),
    (re.compile(r"\\\[\\\.\\\.\\\.\w+\\\]"), r"[^\n\r\u2028\u2029]+"),
    (re.compile(r"\\\[\w+\\\]"), "[^/]+"),
)
"""How the escaped segments of a Reflex route read as a pattern of paths."""

_OPTIONAL = re.compile(r"/\[(\[\w+\])\]")
_ANY, _EMPTY, _DYNAMIC, _STATIC = 0, 1, 3, 10
_WHOLE, _OPEN = 2, -2
_AS_IN_SEGMENTS = ":@!$&'()*+,;="
_MOST_REMEMBERED = 512
_LONGEST_REMEMBERED = 1024


def canonical(address: str) -> str:
    """Spell a path in one way (RFC 3986, section 6.2.2).

    Dot segments are resolved, even escaped ones. Of several slashes at the beginning one stays.
    Other empty segments stay, because to an app's own routes they can be values.

    Args:
        address: The path with its escapes, like `//x/%2e%2E/%63lient`, and without a query.

    Returns:
        The path with its escapes, like `/client`.
    """
    return _known(address) if len(address) <= _LONGEST_REMEMBERED else _canonical(address)


def page_path(address: str) -> str:
    """Read a path as React Router does, to find the page at it.

    Args:
        address: The path with its escapes.

    Returns:
        The decoded path without empty segments. An escaped slash is part of a value, so it stays
        escaped.
    """
    names = (unquote(part).replace("/", "%2F") for part in page_address(address).split("/"))
    return "/".join(names)


def page_address(address: str) -> str:
    """Spell the address of a page: the canonical path without empty segments."""
    return "/" + "/".join(filter(None, canonical(address).split("/")))


def fold(path: str) -> str:
    """Make paths equal that differ by letter case, as JavaScript's `i` flag does (ECMA-262)."""
    return path.lower() if path.isascii() else "".join(map(_folded, path))


def _canonical(address: str) -> str:
    parts: list[str] = []
    for segment in f"/{address}/".split("/")[1:-1]:
        name = unquote(segment)
        if name == "..":
            del parts[-1:]
        elif name != ".":
            parts.append(quote(name, safe=_AS_IN_SEGMENTS, errors="replace"))
    if unquote(address.rpartition("/")[2]) in (".", ".."):
        parts.append("")
    return "/" + "/".join(parts).lstrip("/")


_known = lru_cache(_MOST_REMEMBERED)(_canonical)


def _folded(letter: str) -> str:
    """Fold one letter; no letter outside of ASCII equals one of ASCII."""
    if letter.isascii():
        return letter.lower()
    upper = letter.upper()
    has_pair = len(upper) == 1 and not upper.isascii() and upper <= "\uffff"
    return upper if has_pair else letter


def normal(route: str) -> str:
    """Spell a route in one way: `Posts/[slug]/` as `/posts/[slug]`."""
    return "/" + ("" if route == "index" else route.strip("/")).casefold()


def pattern_of(route: str) -> re.Pattern[str]:
    """Make a pattern of the paths that a Reflex route takes.

    Args:
        route: The route, like `/posts/[slug]` or `/files/[[...splat]]`.

    Returns:
        The pattern, for folded paths.
    """
    pattern = re.escape(fold(normal(route)))
    for segment, meaning in _SEGMENTS:
        pattern = segment.sub(lambda _, meaning=meaning: meaning, pattern)  # type: ignore[misc]
    return re.compile(pattern)


def branches(route: str) -> Iterator[str]:
    """List the routes without optional segments that together are one with them.

    Args:
        route: A normal route, like `/shop/[[page]]`.

    Yields:
        Routes like `/shop/[page]` and `/shop`.
    """
    optional = _OPTIONAL.search(route)
    if optional is None:
        yield route or "/"
        return
    before, after = route[: optional.start()], route[optional.end() :]
    yield from branches(f"{before}/{optional[1]}{after}")
    yield from branches(before + after)


def specificity(branch: str) -> int:
    """Tell how specific a route is, in React Router's own points (`computeScore`).

    Args:
        branch: A normal route without optional segments.

    Returns:
        The points; of the routes that match a path, the one with the most takes it.
    """
    segments = branch.split("/")
    ending = _OPEN if _is_splat(segments[-1]) else _WHOLE
    return len(segments) + ending + sum(map(_points, segments))


def _points(segment: str) -> int:
    if _is_splat(segment):
        return _ANY
    if segment.startswith("["):
        return _DYNAMIC
    return _STATIC if segment else _EMPTY


def _is_splat(segment: str) -> bool:
    return "..." in segment
