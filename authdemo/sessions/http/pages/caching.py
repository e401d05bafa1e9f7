"""What caches may do with the files of a build."""

from __future__ import annotations

import re
from collections.abc import Callable

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


def keep(app: ASGIApp) -> ASGIApp:
    """Serve what everyone may have, and let browsers keep what was found.

    Args:
        app: The app that serves the files.

    Returns:
        The app, which answers as before but for the headers.
    """

    def mark(status: int, headers: MutableHeaders) -> None:
        if status in _FOUND:
            headers["Cache-Control"] = _FOREVER

    return _marked(app, mark)


def keep_apart(app: ASGIApp) -> ASGIApp:
    """Serve what only members may have, and keep it out of the caches that others share.

    A browser asks each time whether it may still show it.

    Args:
        app: The app that serves the files.

    Returns:
        The app, which answers as before but for the headers.
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
