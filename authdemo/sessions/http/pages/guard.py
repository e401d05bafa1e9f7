"""The page guard: serves pages and their scripts to those who may have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from importlib import resources
from typing import Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from ...core import events as ev
from ...core.callbacks import callback_path
from ...core.errors import AccessDenied, AuthError, StoreUnavailable
from ...core.record import SessionRecord
from ...core.rules import Rule, Verdict, page_path
from ...engine import Engine
from ..context import RequestContext, RequestContexts, actor_return_url
from ..outermost import address_of, path_as_sent
from ..router import (
    PRIVATE,
    RawHeaders,
    Response,
    encode_headers,
    find_header,
    header,
    plain_text,
    redirect,
)
from .build import Page, Site, insert_origin
from .files import Cached, ErrorPages, Visitor, has_hashed_name, name_of
from .render import Translation, language_of, takes_gzip

_SCRIPTS = "/assets/"
_SCRIPT_HEADERS = encode_headers(
    {"cache-control": "no-cache", "content-type": "text/javascript; charset=utf-8"}
)
_CLOSED_HEADERS = encode_headers(
    {
        **PRIVATE,
        "vary": "Cookie, Sec-Fetch-Dest, Referer",
        "content-type": "text/javascript; charset=utf-8",
    }
)
_CLOSED_MODULE = resources.files(__package__).joinpath("closed_page.js").read_bytes()


class Member(NamedTuple):
    """A user who is signed in."""

    record: SessionRecord
    session: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class PageGuard:
    """Serves the pages, protected ones to those who may see them."""

    app: ASGIApp
    _: KW_ONLY
    engine: Engine
    contexts: RequestContexts
    site: Site
    error_pages: ErrorPages
    _for_members: dict[str, Translation] = field(default_factory=dict, init=False)
    _for_all: dict[str, Translation] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Choose the texts that public pages need, and those that others need besides."""
        for name in self.engine.locales.languages:
            translation = Translation(name, self.engine.locales.texts(name))
            self._for_members[name] = translation.only(self.site.areas)
            self._for_all[name] = translation.only(self.site.public_areas)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = None
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            response = await self._respond(scope)
        await (response or self.app)(scope, receive, send)

    async def _respond(self, scope: Scope) -> ASGIApp | None:
        address = address_of(scope)
        path, page = page_path(address), self.site.page(address)
        try:
            if page is not None:
                return await self._respond_with_page(scope, page)
            if path.startswith(_SCRIPTS) and path.endswith(".js"):
                return await self._respond_with_script(scope, path)
        except AuthError as error:
            return self._reject(scope, error)
        return Cached(self.app, is_public=True) if has_hashed_name(path) else None

    def _reject(self, scope: Scope, error: AuthError, visitor: Visitor | None = None) -> Response:
        self.contexts.audit_rejection(scope, error)
        return self.error_pages.respond(scope, error, visitor)

    async def _respond_with_page(self, scope: Scope, page: Page) -> Response:
        context = await self._load(scope, is_required=page.rule is not None)
        if context is not None and context.record is None and context.actor_key:
            return redirect(actor_return_url(context.base_url, _here(scope, page)), 303)
        cookies: RawHeaders = []
        member, token = None, ""
        record = await self.contexts.renew(cookies, context) if context else None
        if context is not None:  # sockets need a token, and forms
            token = self.contexts.browser_id(context) or self.contexts.set_csrf_cookie(
                cookies, context, context.sid
            )
        try:
            member = await self._member(record) if record else None
            url = await self._find_redirect(scope, page, member)
            if url is None:
                response = await self._render(scope, page, context, member, token)
            else:
                response = redirect(url, 303)
        except AuthError as error:
            response = self._reject(scope, error, self._visitor(scope, page, context, member))
        return response.plus(cookies)

    async def _load(self, scope: Scope, *, is_required: bool) -> RequestContext | None:
        """Load the session; public pages are served even while the store is unavailable."""
        try:
            return await self.contexts.load(scope)
        except StoreUnavailable:
            if is_required:
                raise
            return None

    def _visitor(
        self, scope: Scope, page: Page, context: RequestContext | None, member: Member | None
    ) -> Visitor | None:
        """Find who sees an error; a browser that sends cookies may use another account."""
        name = name_of(member.session) if member else ""
        token = self.contexts.browser_id(context) if context and name else ""
        url = self.engine.sign_in_url(callbackUrl=_here(scope, page))
        return Visitor(name, token, url) if name else None

    async def _member(self, record: SessionRecord) -> Member:
        return Member(record, await self.engine.sessions.serializers.to_public(record))

    async def _find_redirect(self, scope: Scope, page: Page, member: Member | None) -> str | None:
        """Redirect to sign in, away from the sign-in page, or to the canonical URL."""
        query = scope["query_string"].decode("latin-1")
        if page.rule is not None:
            url = await self._authorize(page.path, page.rule, _here(scope, page), member)
            if url is not None:
                return url
        if page.path == self.engine.pages.sign_in and member is not None:
            fields = {name: values[-1] for name, values in parse_qs(query).items()}
            if not should_explain(fields.get("error", ""), fields.get("code", "")):
                return await self._find_target(scope, page.path, fields.get("callbackUrl", "/"))
        path = unquote(page.address)
        if path_as_sent(scope) in (path, path + "/"):
            return None
        return f"{page.address}?{query}" if query else page.address

    async def _authorize(
        self, path: str, rule: Rule, here: str, member: Member | None
    ) -> str | None:
        """Authorize a request for a page, or return where it has to be redirected."""
        match await self._judge(path, rule, member):
            case Verdict.GRANTED:
                return None
            case Verdict.SIGN_IN:
                return self.engine.sign_in_url(callbackUrl=here)
            case Verdict.CONFIRM:
                return self.engine.confirm_url(here, level=rule.level)
            case Verdict.DENIED:
                raise AccessDenied("You don't have permission to see this page.", reason="page")
            case url:
                return url

    async def _judge(self, path: str, rule: Rule, member: Member | None) -> Verdict | str:
        """Ask the app's `authorized` callback first, and then the page's rule."""
        answer = await self.engine.callbacks.ask_authorized(
            path, member.session if member else None
        )
        if not answer:
            return Verdict.DENIED if member else Verdict.SIGN_IN
        if isinstance(answer, str):
            return answer
        if member and rule.allows_all_members:
            return Verdict.GRANTED
        session = self.engine.session(member.record) if member else None
        return await rule.judge(session, self.engine.clock)

    async def _find_target(self, scope: Scope, path: str, wanted: str) -> str:
        """Find where a signed-in user goes from the sign-in page."""
        base_url = self.contexts.origins.base_url(scope)
        target = await self.engine.redirect(wanted, base_url)
        return base_url if page_path(urlsplit(target).path) == path else target

    async def _render(
        self,
        scope: Scope,
        page: Page,
        context: RequestContext | None,
        member: Member | None,
        token: str,
    ) -> Response:
        session = member.session if member else None
        if session is not None:
            await ev.notify(self.engine.events.session, session=session, path=page.path)
        cookies = context.cookies if context else None
        translations = self._for_all if session is None else self._for_members
        translation = translations[language_of(scope, self.engine.locales, cookies)]
        gzip = takes_gzip(scope)
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        request = {
            "csrfToken": token,
            "callbackUrl": query.get("callbackUrl", ""),
            "error": translation.explain_query(query),
        }
        document = page.template.localize(translation).render(session, request, gzip=gzip)
        return Response(200, page.template.headers(gzip=gzip), document)

    async def _respond_with_script(self, scope: Scope, path: str) -> ASGIApp | None:
        name = path.removeprefix(_SCRIPTS)
        endpoints = self.site.endpoints.get(name)
        if endpoints is not None:
            script = insert_origin(endpoints, self.contexts.origins.base_url(scope))
            return Response(200, [*_SCRIPT_HEADERS], script.encode())
        if name in self.site.public_scripts:
            return Cached(self.app, is_public=True) if has_hashed_name(path) else None
        record = (await self.contexts.load(scope)).record
        if record is not None and await self._may_load(name, record):
            return Cached(self.app, is_public=False)
        if name in self.site.route_modules and self._is_import(scope):
            return Response(200, [*_CLOSED_HEADERS], _CLOSED_MODULE)
        if record is None:
            return plain_text("Sign in first.", 401)
        return plain_text("You don't have permission to do this.", 403)

    def _is_import(self, scope: Scope) -> bool:
        """Tell whether a script imports another; over plain http only the referrer says so."""
        destination = find_header(scope, b"sec-fetch-dest")
        if destination is not None:
            return destination == "script"
        own = self.contexts.origins.base_url(scope) + "/"
        return header(scope, b"referer").startswith(own)

    async def _may_load(self, name: str, record: SessionRecord) -> bool:
        """Tell whether a user may see one of the pages that need a script, if any does."""
        pages = self.site.pages_with.get(name, ())
        if not pages:
            return True
        member = await self._member(record)
        for path, rule in pages:
            if await self._judge(path, rule, member) is Verdict.GRANTED:
                return True
        return False


def _here(scope: Scope, page: Page) -> str:
    return callback_path(page.address, scope["query_string"].decode("latin-1"))


def should_explain(error: str, reason: str) -> bool:
    """Tell whether the sign-in page explains an error to a signed-in user, too.

    An earlier session that has ended is no longer of interest. Neither is a sign-in that another
    one overtook, as in the later of two tabs.
    """
    return error not in ("", "SessionRequired") and reason != "member"
