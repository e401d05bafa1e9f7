"""The routes of pages: which paths each takes, and which route comes first where several do.

Reflex spells them, and React Router decides: the most specific route takes a path, in whatever
order the routes were declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SEGMENTS = (
    (re.compile(r"/\\\[\\\[\\\.\\\.\\\.\w+\\\]\\\]"), "(?:/.*)?"),
    (re.compile(r"/\\\[\\\[\w+\\\]\\\]"), "(?:/[^/]+)?"),
    (re.compile(r"\\\[\\\.\\\.\\\.\w+\\\]"), ".+"),
    (re.compile(r"\\\[\w+\\\]"), "[^/]+"),
)
"""How the escaped segments of a Reflex route read as a pattern of paths."""

_OPTIONAL = re.compile(r"/\[(\[\w+\])\]")
_ANY, _EMPTY, _DYNAMIC, _STATIC = 0, 1, 3, 10
_WHOLE, _OPEN = 2, -2


def normal(route: str) -> str:
    """Spell a route in one way: `Posts/[slug]/` as `/posts/[slug]`."""
    return "/" + ("" if route == "index" else route.strip("/")).casefold()


def pattern_of(route: str) -> re.Pattern[str]:
    """Make a pattern of the paths that a Reflex route takes.

    Args:
        route: The route, like `/posts/[slug]` or `/files/[[...splat]]`.

    Returns:
        The pattern, for paths in lower case.
    """
    pattern = re.escape(normal(route))
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
