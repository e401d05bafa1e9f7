"""Pages that were built once and show a session on every request.

The build leaves a marker where a value of the session belongs. Putting the
value in is all the rendering that a request costs.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from .headers import content_security_policy

DATA_ID = "session-data"
"""The id of the element that hands the session to the page's script."""

_MARKER = re.compile(r"\{\{session\.([a-z_][a-z0-9_.]*)\}\}", re.IGNORECASE)


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
        head, separator, body = document.partition("</head>")
        self._head = head
        self._pieces = _MARKER.split(separator + body)

    def render(self, session: Mapping[str, Any] | None) -> bytes:
        """Show a session on the page.

        Args:
            session: The public session, or None.

        Returns:
            The HTML.
        """
        data = json.dumps(session, ensure_ascii=False).replace("<", "\\u003c")
        element = f'<script type="application/json" id="{DATA_ID}">{data}</script>'
        pieces = list(self._pieces)
        pieces[1::2] = [html.escape(_look_up(session, path)) for path in pieces[1::2]]
        return (self._head + element + "".join(pieces)).encode("utf-8", "replace")


def _look_up(session: Mapping[str, Any] | None, path: str) -> str:
    value: Any = session
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None else str(value)
