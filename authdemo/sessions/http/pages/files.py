"""The files of a build that are no pages."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from ...core.errors import MethodNotAllowed, NotFound
from ...core.routes import page_path
from ..messages import answers
from ..messages.answers import Answer
from ..paths import address_of
from .refusals import Refusals
from .site import Site

_METHODS = ("GET", "HEAD")
_ICON = "/favicon.ico"
_EMPTY_ICON = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
_ICON_HEADERS = answers.raw(
    {"cache-control": "public, max-age=3600", "content-type": "image/svg+xml"}
)


class BuiltFiles:
    """Stands behind the app's routes, where Reflex serves the build and guesses at pages.

    Pages are the page guard's. Here is nothing but the other files, each at its one path.
    """

    def __init__(self, static_files: ASGIApp, *, site: Site, refusals: Refusals) -> None:
        """Wrap Reflex's static files.

        Args:
            static_files: Serves any file of the build.
            site: Knows which files are no page's.
            refusals: Says that there is nothing.
        """
        self._static_files = static_files
        self._site = site
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file, or say that there is nothing."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000, "reason": NotFound.code})
            return
        path = page_path(address_of(scope))
        if scope["method"] not in _METHODS:
            error = MethodNotAllowed(allowed=_METHODS)
            await answers.plain_refusal(error)(scope, receive, send)
        elif self._site.is_file(path):
            await self._static_files({**scope, "path": path, "root_path": ""}, receive, send)
        elif path == _ICON:  # browsers ask each app for it
            await Answer(200, [*_ICON_HEADERS], _EMPTY_ICON)(scope, receive, send)
        else:
            await self._refusals.page_or_text(scope, NotFound())(scope, receive, send)
