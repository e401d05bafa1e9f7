"""The other files of a build, how they are cached, and error pages."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from http import HTTPStatus
from importlib import resources
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.callbacks import safe_redirect_url
from ...core.errors import AuthError, MethodNotAllowed, NotFound, RequestRejected
from ...core.rules import page_path
from ...engine import Engine
from ..context import RequestContexts
from ..outermost import address_of
from ..router import (
    PRIVATE,
    Response,
    encode_headers,
    error_headers,
    header,
    status_of,
    text_error,
    wants_page,
)
from .build import Site
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
    """A user who sees an error page, and may sign out there to use another account."""

    name: str
    csrf_token: str = ""
    sign_in_url: str = ""


def name_of(session: Mapping[str, Any]) -> str:
    """Find what a user is called; empty if they have no name."""
    user = session.get("user")
    user = user if isinstance(user, Mapping) else {}
    return str(user.get("name") or user.get("email") or user.get("id") or "")


@dataclass(frozen=True, eq=False)
class ErrorPages:
    """Explains errors to people in a page, and to programs in plain text."""

    engine: Engine
    contexts: RequestContexts
    site: Site

    async def respond_not_found(self, scope: Scope) -> Response:
        """Respond to a request for an unknown path."""
        name = ""
        if wants_page(scope):
            with suppress(AuthError):  # the page is the same without a name
                record = (await self.contexts.load(scope)).record
                to_public = self.engine.sessions.serializers.to_public
                name = name_of(await to_public(record)) if record else ""
        return self.respond(scope, NotFound(), Visitor(name) if name else None)

    def respond(self, scope: Scope, error: AuthError, visitor: Visitor | None = None) -> Response:
        is_for_people = wants_page(scope) and not scope["path"].startswith(_NO_PAGES)
        if not is_for_people or isinstance(error, RequestRejected):
            return text_error(error)
        locales = self.engine.locales
        language = language_of(scope, locales)
        translation = Translation(language, locales.texts(language))
        status = status_of(error)
        title = translation.texts.get(f"refusal.{status}", HTTPStatus(status).phrase)
        document = _DOCUMENT.format(
            language=language,
            links=self.site.links,
            title=html.escape(title),
            message=html.escape(translation.explain(error)),
            details="\n".join(self._details(scope, status, translation, visitor)),
            ways="".join(self._ways(scope, translation, visitor)),
            home=html.escape(translation.t("refusal.home", {})),
        )
        content_type = {"content-type": "text/html; charset=utf-8"}
        policy = self.site.policy.headers(document)
        headers = encode_headers({**PRIVATE, **policy, **content_type})
        return Response(status, headers, document.encode()).plus(error_headers(error))

    def _details(
        self, scope: Scope, status: int, translation: Translation, visitor: Visitor | None
    ) -> Iterator[str]:
        """Say who sees the page, and which page an unknown path may mean."""
        if status == HTTPStatus.NOT_FOUND:
            meant = html.escape(self.site.nearest(address_of(scope)))
            key = "refusal.nearest" if meant else "refusal.check_address"
            link = f' <a href="{meant}">{meant}</a>' if meant else ""
            yield f"<p>{html.escape(translation.t(key, {}))}{link}</p>"
        if visitor is not None:
            who = translation.t("refusal.signed_in_as", {"name": visitor.name})
            yield f"<p>{html.escape(who)}</p>"

    def _ways(
        self, scope: Scope, translation: Translation, visitor: Visitor | None
    ) -> Iterator[str]:
        """Lead to another account, and back to the page with the link that led here."""
        if visitor is not None and visitor.csrf_token:
            label = translation.t("refusal.other_account", {})
            values = map(html.escape, (visitor.csrf_token, visitor.sign_in_url, label))
            yield _OTHER_ACCOUNT.format(*values)
        base_url = self.contexts.origins.base_url(scope)
        back = safe_redirect_url(header(scope, b"referer"), base_url)
        path = page_path(urlsplit(back or "").path)
        if back and path not in (page_path(address_of(scope)), self.engine.pages.sign_in, "/"):
            label = translation.t("refusal.back", {})
            yield f'<a href="{html.escape(back)}">{html.escape(label)}</a>\n'


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
            response = await self.error_pages.respond_not_found(scope)
            await response(scope, receive, send)
