"""The other files of a build, how they are cached, and error pages."""

from __future__ import annotations

import html
import re
from dataclasses import KW_ONLY, dataclass
from http import HTTPStatus
from importlib import resources
from typing import NamedTuple

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.errors import AuthError, MethodNotAllowed, NotFound, RequestRejected
from ...core.locales import Locales
from ...core.rules import page_path
from ..outermost import address_of
from ..router import (
    PRIVATE,
    Response,
    encode_headers,
    error_headers,
    status_of,
    text_error,
    wants_page,
)
from .build import Site
from .policy import Policy
from .render import Translation, language_of

_HASHED_NAME = re.compile(r"/assets/[^/]+-[\w-]{8}\.\w+")
_CACHE_FOREVER = "public, max-age=31536000, immutable"
_CACHE_PRIVATE = "private, no-cache"
_FOUND = (200, 304)
_SPARE = ("accept-ranges", "last-modified")
_METHODS = ("GET", "HEAD")
_ICON = "/favicon.ico"
_EMPTY_ICON = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
_ICON_HEADERS = encode_headers(
    {"cache-control": "public, max-age=3600", "content-type": "image/svg+xml"}
)
_NO_PAGES = ("/api/", "/assets/")
_OTHER_ACCOUNT = (
    '<form method="post" action="/api/auth/signout">'
    '<input type="hidden" name="csrfToken" value="{}">'
    '<input type="hidden" name="callbackUrl" value="{}">'
    '<button class="auth-button">{}</button></form>\n'
)
_DOCUMENT = resources.files(__package__).joinpath("error.html").read_text("utf-8")


def has_hashed_name(path: str) -> bool:
    """Tell whether a file's name changes with its content."""
    return _HASHED_NAME.fullmatch(path) is not None


@dataclass(frozen=True, eq=False)
class Cached:
    """Adds cache headers: immutable if public, else for one user, revalidated by its `ETag`."""

    app: ASGIApp
    _: KW_ONLY
    is_public: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name in _SPARE:  # 68 bytes for each script of a page
                    del headers[name]
                if not self.is_public:
                    headers["Cache-Control"] = _CACHE_PRIVATE
                    headers.add_vary_header("Cookie")
                elif message["status"] in _FOUND:
                    headers["Cache-Control"] = _CACHE_FOREVER
                    del headers["ETag"]  # the file's name changes with its content
            await send(message)

        await self.app(scope, receive, send_marked)


class Visitor(NamedTuple):
    """A user who may sign out on an error page, to sign in with another account."""

    name: str
    csrf_token: str
    sign_in_url: str


@dataclass(frozen=True, eq=False)
class ErrorPages:
    """Explains errors to people in a page, and to programs in plain text."""

    locales: Locales
    links: str
    policy: Policy

    def respond(self, scope: Scope, error: AuthError, visitor: Visitor | None = None) -> Response:
        is_for_people = wants_page(scope) and not scope["path"].startswith(_NO_PAGES)
        if not is_for_people or isinstance(error, RequestRejected):
            return text_error(error)
        language = language_of(scope, self.locales)
        translation = Translation(language, self.locales.texts(language))
        status = status_of(error)
        title = translation.texts.get(f"refusal.{status}", HTTPStatus(status).phrase)
        details, other_account = "", ""
        if visitor is not None:
            details = translation.t("refusal.signed_in_as", {"name": visitor.name})
            label = translation.t("refusal.other_account", {})
            values = map(html.escape, (visitor.csrf_token, visitor.sign_in_url, label))
            other_account = _OTHER_ACCOUNT.format(*values)
        elif status == HTTPStatus.NOT_FOUND:
            details = translation.t("refusal.check_address", {})
        document = _DOCUMENT.format(
            language=language,
            links=self.links,
            title=html.escape(title),
            message=html.escape(translation.explain(error)),
            details=f"<p>{html.escape(details)}</p>" if details else "",
            other_account=other_account,
            home=html.escape(translation.t("refusal.home", {})),
        )
        content_type = {"content-type": "text/html; charset=utf-8"}
        headers = encode_headers({**PRIVATE, **self.policy.headers(document), **content_type})
        return Response(status, headers, document.encode()).plus(error_headers(error))


@dataclass(frozen=True, eq=False)
class BuiltFiles:
    """Serves the build's files, each at its one path, where Reflex would guess at pages.

    It is behind the app's own routes; pages are served by the page guard.
    """

    static_files: ASGIApp
    _: KW_ONLY
    site: Site
    error_pages: ErrorPages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000, "reason": NotFound.code})
            return
        path = page_path(address_of(scope))
        if scope["method"] not in _METHODS:
            error = MethodNotAllowed(allowed=_METHODS)
            await text_error(error)(scope, receive, send)
        elif path in self.site.files:
            await self.static_files({**scope, "path": path, "root_path": ""}, receive, send)
        elif path == _ICON:  # browsers request it from each app
            await Response(200, [*_ICON_HEADERS], _EMPTY_ICON)(scope, receive, send)
        else:
            await self.error_pages.respond(scope, NotFound())(scope, receive, send)
