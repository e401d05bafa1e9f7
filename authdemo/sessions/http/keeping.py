"""What caches may do with the files of a build."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAMED_BY_CONTENT = re.compile(r"/assets/[^/]+-[\w-]{8}\.\w+")
_FOREVER = "public, max-age=31536000, immutable"
_FOUND = (200, 304)
_MEMBERS = "private, no-cache"


def is_named_by_content(path: str) -> bool:
    """Tell whether the build gave a file a name that changes with its content.

    Args:
        path: The path that is asked for.

    Returns:
        Whether it did.
    """
    return _NAMED_BY_CONTENT.fullmatch(path) is not None


class Keep:
    """Serves what everyone may have, and lets browsers keep it."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of an app.

        Args:
            app: The app that serves the files.
        """
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does; what was found may be kept."""

        async def mark(message: Message) -> None:
            if message.get("status") in _FOUND:
                MutableHeaders(scope=message)["Cache-Control"] = _FOREVER
            await send(message)

        await self._app(scope, receive, mark)


class KeepApart:
    """Serves what only members may have, and keeps it out of the caches that others share."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of an app.

        Args:
            app: The app that serves the files.
        """
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does; a browser asks each time whether it may still show it."""

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = _MEMBERS
                headers.add_vary_header("Cookie")
            await send(message)

        await self._app(scope, receive, mark)
