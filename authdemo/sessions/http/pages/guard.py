"""Serves a page to those who may have it, and explains rejections."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping
from dataclasses import KW_ONLY, dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from ...core import events as ev
from ...core.callbacks import own_address
from ...core.errors import (
    AccessDenied,
    AuthError,
    MethodNotAllowed,
    NotFound,
    RequestRejected,
    StoreUnavailable,
)
from ...core.locales import Locales
from ...core.record import SessionRecord
from ...core.rules import Rule, Verdict, page_path
from ...engine import AuthCore
from .. import responses
from ..context import RequestContext, RequestContexts, device_of
from ..cookies import RawHeaders
from ..headers import find_header, header, language_of, takes_gzip, wants_page
from ..paths import address_of, path_as_sent
from ..responses import Response
from ..security_headers import STRICT, page_headers
from .build import Page, Site
from .render import LocalizedPage, cache_forever, cache_private, is_named_by_content

_NO_PAGES = ("/api/", "/assets/")
_DOCUMENT = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{links}
</head>
<body>
<main class="narrow">
<h1>{title}</h1>
<p role="alert">{message}</p>
<p><a href="/">{home}</a></p>
</main>
</body>
</html>
"""


@dataclass(frozen=True, eq=False)
class ErrorPages:
    """Says to people in a page, and to programs in plain text, what went wrong."""

    locales: Locales
    links: str

    def respond(self, scope: Scope, error: AuthError) -> Response:
        """Answer a request with an error."""
        is_for_people = wants_page(scope) and not scope["path"].startswith(_NO_PAGES)
        if not is_for_people or isinstance(error, RequestRejected):
            return responses.text_error(error)
        language = language_of(scope, self.locales)
        wording = LocalizedPage(language, self.locales.texts(language))
        status = responses.status(error)
        title = wording.texts.get(f"refusal.{status}", HTTPStatus(status).phrase)
        document = _DOCUMENT.format(
            language=language,
            links=self.links,
            title=html.escape(title),
            message=html.escape(wording.explain(error)),
            home=html.escape(wording.say("refusal.home", {})),
        )
        safe = page_headers(STRICT.of(document))
        kind = {"content-type": "text/html; charset=utf-8"}
        headers = responses.encode_headers({**responses.PRIVATE, **safe, **kind})
        return Response(status, headers, document.encode()).plus(responses.error_headers(error))


_SCRIPTS = "/assets/"
_SCRIPT_HEADERS = responses.encode_headers(
    {"cache-control": "no-cache", "content-type": "text/javascript; charset=utf-8"}
)
_CLOSED_HEADERS = responses.encode_headers(
    {
        **responses.PRIVATE,
        "vary": "Cookie, Sec-Fetch-Dest, Referer",
        "content-type": "text/javascript; charset=utf-8",
    }
)
_CLOSED_MODULE = b"""\
const [loaded] = performance.getEntriesByType("navigation");
const page = (url) => url.split("#")[0];
let aside;

export default () => {
  const { href } = location;
  if (href !== aside && page(loaded?.name ?? "") !== page(href)) {
    const url = new URL(href);
    url.search += "&";
    aside = url.href;
    dispatchEvent(new Event("authdemo-leave"));
    history.replaceState(history.state, "", aside);
    location.replace(href);
  }
  return null;
};
"""
"""Stands for a closed page: React Router renders it at the page's address, and it loads that.

A document that was loaded from the very address isn't loaded again, so that there is no loop.
Loading the address that is shown would take the earlier entries of the history along, and on an
error page, which has no scripts, Back would only change the address. So it is spelled otherwise
first, by a query that means the same, and session.js leads nowhere meanwhile.
"""


class PageGuard:
    """Serves the pages, protected ones to those who may see them."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        auth: AuthCore,
        contexts: RequestContexts,
        site: Site,
        error_pages: ErrorPages,
    ) -> None:
        self._app = app
        self._auth = auth
        self._contexts = contexts
        self._site = site
        self._error_pages = error_pages
        whole = [LocalizedPage(name, auth.locales.texts(name)) for name in auth.locales.languages]
        self._for_members = {wording.language: wording for wording in whole}
        self._for_all = {each.language: each.only(site.public_areas) for each in whole}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a page, or pass it on."""
        answer = None
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            answer = await self._answer(scope)
        await (answer or self._app)(scope, receive, send)

    async def _answer(self, scope: Scope) -> ASGIApp | None:
        address = address_of(scope)
        path, page = page_path(address), self._site.page(address)
        try:
            if page is not None:
                return await self._page(scope, page)
            if path.startswith(_SCRIPTS) and path.endswith(".js"):
                return await self._script(scope, path)
            return cache_forever(self._app) if is_named_by_content(path) else None
        except AuthError as error:
            return self._denial(scope, path, error)

    def _denial(
        self, scope: Scope, path: str, error: AuthError, record: SessionRecord | None = None
    ) -> Response:
        """Note that somebody was denied what is there, and say so."""
        self._auth.trail.refused(error, path=path, record=record, device=device_of(scope))
        return self._error_pages.respond(scope, error)

    async def _page(self, scope: Scope, page: Page) -> Response:
        context = await self._context(scope, required=page.rule is not None)
        fresh: RawHeaders = []
        record = await self._contexts.renew(fresh, context) if context else None
        try:
            answer = await self._shown(scope, page, context, record)
        except AuthError as error:
            answer = self._denial(scope, page.path, error, record)
        self._mark_browser(fresh, context)
        return answer.plus(fresh)

    async def _shown(
        self, scope: Scope, page: Page, context: RequestContext | None, record: SessionRecord | None
    ) -> Response:
        """Show a page to a visitor, or send them where they are better served."""
        session = await self._auth.sessions.serializers.to_public(record) if record else None
        elsewhere = await self._elsewhere(scope, page, record, session)
        if elsewhere is not None:
            return responses.redirect(elsewhere, 303)
        return await self._render(scope, page, session, context)

    async def _elsewhere(
        self,
        scope: Scope,
        page: Page,
        record: SessionRecord | None,
        session: Mapping[str, Any] | None,
    ) -> str | None:
        """Decide whether the visitor is better served by another page."""
        query = scope["query_string"].decode("latin-1")
        here = own_address(page.address, query)
        if page.rule is not None:
            refused = await self._refused(page.path, page.rule, here, record, session)
            if refused is not None:
                return refused
        if page.path == self._auth.pages.sign_in and session is not None:
            said = {name: values[-1] for name, values in parse_qs(query).items()}
            if not should_explain(said.get("error", ""), said.get("code", "")):
                return await self._onward(scope, page.path, said.get("callbackUrl", "/"))
        path = unquote(page.address)
        return None if path_as_sent(scope) in (path, path + "/") else _address(page, query)

    async def _refused(
        self,
        path: str,
        rule: Rule,
        here: str,
        record: SessionRecord | None,
        session: Mapping[str, Any] | None,
    ) -> str | None:
        """Judge the visitor of a protected page, first as the app does; say where others go."""
        verdict = await self._auth.callbacks.ask_authorized(path, session)
        if verdict and isinstance(verdict, str):
            return verdict
        if verdict:
            is_enough = record is not None and rule.is_for_every_member
            return None if is_enough else await self._ruled_out(rule, here, record)
        if session is not None:
            raise AccessDenied("You don't have permission to see this page.", reason="page")
        return self._auth.sign_in_url(callbackUrl=here)

    async def _ruled_out(self, rule: Rule, here: str, record: SessionRecord | None) -> str | None:
        """Judge the visitor by the page's own rule, and say where to go if it is not for them."""
        session = self._auth.session(record) if record else None
        match await rule.judge(session, self._auth.clock):
            case Verdict.SIGN_IN:
                return self._auth.sign_in_url(callbackUrl=here)
            case Verdict.CONFIRM:
                return self._auth.confirm_url(here)
            case Verdict.DENIED:
                raise AccessDenied("You don't have permission to see this page.", reason="page")
        return None

    async def _onward(self, scope: Scope, path: str, wanted: str) -> str:
        """Send somebody who is signed in already where they wanted to go."""
        base_url = self._contexts.origins.base_url(scope)
        target = await self._auth.redirect(wanted, base_url)
        return base_url if page_path(urlsplit(target).path) == path else target

    async def _render(
        self,
        scope: Scope,
        page: Page,
        session: Mapping[str, Any] | None,
        context: RequestContext | None,
    ) -> Response:
        if session is not None:
            await ev.notify(self._auth.events.session, session=session, path=page.path)
        sent = context.cookies if context else None
        sheet = page.template.in_words(self._wording(scope, sent, is_member=session is not None))
        gzip = takes_gzip(scope)
        headers = page.template.headers(gzip=gzip)
        return Response(200, headers, sheet.show(session, gzip=gzip))

    def _wording(
        self, scope: Scope, sent: Mapping[str, list[str]] | None, *, is_member: bool
    ) -> LocalizedPage:
        """Choose the texts for a visitor; those of protected pages are for members."""
        wordings = self._for_members if is_member else self._for_all
        return wordings[language_of(scope, self._auth.locales, sent)]

    async def _script(self, scope: Scope, path: str) -> ASGIApp | None:
        name = path.removeprefix(_SCRIPTS)
        endpoints = self._site.endpoints_script(name)
        if endpoints is not None:
            script = endpoints.addressed_to(self._contexts.origins.base_url(scope))
            return Response(200, [*_SCRIPT_HEADERS], script.encode())
        if self._site.is_public_script(name):
            return cache_forever(self._app) if is_named_by_content(path) else None
        record = (await self._contexts.load(scope)).record
        if record is None:
            return self._closed(scope, name) or responses.text("Sign in first.", 401)
        pages = self._site.pages_with(name)
        if pages and not await self._may_see_one(pages, record):
            return self._closed(scope, name) or responses.text(
                "You don't have permission to do this.", 403
            )
        return cache_private(self._app)

    def _closed(self, scope: Scope, name: str) -> Response | None:
        """Answer React Router, which follows a link, so that the page guard judges the new page.

        Another script may be imported by names that this module doesn't have.
        """
        if not (self._site.is_route_module(name) and self._is_import(scope)):
            return None
        return Response(200, [*_CLOSED_HEADERS], _CLOSED_MODULE)

    def _is_import(self, scope: Scope) -> bool:
        """Tell whether a page's script imports another; over plain http browsers don't say so."""
        kind = find_header(scope, b"sec-fetch-dest")
        if kind is not None:
            return kind == "script"
        own = self._contexts.origins.base_url(scope) + "/"
        return header(scope, b"referer").startswith(own)

    async def _may_see_one(
        self, pages: Collection[tuple[str, Rule]], record: SessionRecord
    ) -> bool:
        """Tell whether a member may see a page that needs a script which no public page needs."""
        session = await self._auth.sessions.serializers.to_public(record)
        for page, rule in pages:
            try:
                if await self._refused(page, rule, "", record, session) is None:
                    return True
            except AccessDenied:
                continue
        return False

    async def _context(self, scope: Scope, *, required: bool) -> RequestContext | None:
        """Receive a visitor; public pages are served even when the store is down."""
        try:
            return await self._contexts.load(scope)
        except StoreUnavailable:
            if required:
                raise
            return None

    def _mark_browser(self, headers: RawHeaders, context: RequestContext | None) -> None:
        """See to it that the browser has a CSRF cookie: its sockets are known by it."""
        if context is not None and not self._contexts.browser_id(context):
            self._contexts.set_csrf_cookie(headers, context, context.sid)


def should_explain(error: str, reason: str) -> bool:
    """Tell whether the sign-in page has to explain an error to who is signed in as well.

    That an earlier session is over is no news to them. Nor is that somebody has signed in since
    a sign-in at a provider was begun, which is what happens to the later of two tabs.
    """
    return error not in ("", "SessionRequired") and reason != "member"


def _address(page: Page, query: str) -> str:
    return f"{page.address}?{query}" if query else page.address


_METHODS = ("GET", "HEAD")
_ICON = "/favicon.ico"
_EMPTY_ICON = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
_ICON_HEADERS = responses.encode_headers(
    {"cache-control": "public, max-age=3600", "content-type": "image/svg+xml"}
)


@dataclass(frozen=True, eq=False)
class BuiltFiles:
    """Stands behind the app's routes, where Reflex serves the build and guesses at pages.

    Pages are the page guard's. Here is nothing but the other files, each at its one path.
    """

    static_files: ASGIApp
    _: KW_ONLY
    site: Site
    error_pages: ErrorPages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file, or say that there is nothing."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000, "reason": NotFound.code})
            return
        path = page_path(address_of(scope))
        if scope["method"] not in _METHODS:
            error = MethodNotAllowed(allowed=_METHODS)
            await responses.text_error(error)(scope, receive, send)
        elif self.site.is_file(path):
            await self.static_files({**scope, "path": path, "root_path": ""}, receive, send)
        elif path == _ICON:  # browsers ask each app for it
            await Response(200, [*_ICON_HEADERS], _EMPTY_ICON)(scope, receive, send)
        else:
            await self.error_pages.respond(scope, NotFound())(scope, receive, send)
