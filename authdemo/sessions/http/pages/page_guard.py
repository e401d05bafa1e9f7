"""The guard in front of the pages: who may see what, rendered for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from ...core import events as ev
from ...core.errors import AccessDenied, AuthError, NotFound, RequestRefused, StoreUnavailable
from ...core.guard import Rule, Verdict
from ...core.record import SessionRecord
from ...setup.auth import AuthCore
from ..messages import answers
from ..messages.answers import Answer
from ..messages.cookies import RawHeaders
from ..messages.encodings import takes_gzip
from ..messages.language import language_of
from ..messages.scopes import wants_page
from ..visitors import Visitor, Visitors, device_of
from .caching import is_named_by_content, keep, keep_apart
from .refusals import InsteadOf, is_missing, is_missing_page, nothing, refusal_page
from .site import Page, Site, canonical, page_at
from .templates import Wording

_SCRIPTS = "/assets/"
_NO_PAGES = ("/api/", _SCRIPTS)
_AS_IN_PATHS = "/:@!$&'()*+,;="
_SCRIPT_HEADERS = answers.raw(
    {"cache-control": "no-cache", "content-type": "text/javascript; charset=utf-8"}
)


class PageGuard:
    """Serves the pages, protected ones to those who may see them."""

    def __init__(self, app: ASGIApp, *, auth: AuthCore, visitors: Visitors, site: Site) -> None:
        """Stand in front of an app.

        Args:
            app: The app that serves everything else.
            auth: The app's sessions.
            visitors: Knows who sends a request.
            site: The built pages.
        """
        self._app = InsteadOf(app, is_missing_page, nothing)
        self._auth = auth
        self._visitors = visitors
        self._site = site
        whole = [Wording(name, auth.words.texts(name)) for name in auth.words.languages]
        self._for_members = {wording.language: wording for wording in whole}
        self._for_all = {each.language: each.only(site.public_areas) for each in whole}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a page, or pass it on."""
        answer = None
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            answer = await self._answer(scope)
        await (answer or self._app)(scope, receive, send)

    async def _answer(self, scope: Scope) -> ASGIApp | None:
        path = canonical(scope["path"])
        page = self._site.page(path)
        try:
            if page is not None:
                return await self._page(scope, page)
            if path.startswith(_SCRIPTS) and path.endswith(".js"):
                return await self._script(scope, path)
            if is_named_by_content(path):
                return keep(self._app)
            return self._instead_of_missing(scope, path)
        except AuthError as error:
            return self._denial(scope, path, error)

    def _denial(
        self, scope: Scope, path: str, error: AuthError, record: SessionRecord | None = None
    ) -> Answer:
        """Note that somebody was denied what is there, and say so."""
        self._auth.trail.refused(error, path=path, record=record, device=device_of(scope))
        if wants_page(scope) and not isinstance(error, RequestRefused):
            return self._refusal(scope, error, secure=self._is_secure(scope))
        return answers.plain_refusal(error)

    def _instead_of_missing(self, scope: Scope, path: str) -> ASGIApp | None:
        """Have an unknown address answered by a page, if a person looks at it."""
        is_shell = self._site.is_shell(path)
        if not wants_page(scope) or path.startswith(_NO_PAGES):
            return nothing() if is_shell else None

        missing = self._refusal(scope, NotFound(), secure=self._is_secure(scope))
        return missing if is_shell else InsteadOf(self._app, is_missing, lambda: missing)

    def _refusal(self, scope: Scope, error: AuthError, *, secure: bool) -> Answer:
        wording = self._wording(scope, None, is_member=True)
        return refusal_page(error, wording, self._site.links, secure=secure)

    async def _page(self, scope: Scope, page: Page) -> Answer:
        visitor = await self._visitor(scope, required=page.rule is not None)
        fresh: RawHeaders = []
        record = await self._visitors.refresh(fresh, visitor) if visitor else None
        try:
            answer = await self._shown(scope, page, visitor, record)
        except AuthError as error:
            answer = self._denial(scope, page.path, error, record)
        self._mark_browser(fresh, visitor)
        return answer.plus(fresh)

    async def _shown(
        self, scope: Scope, page: Page, visitor: Visitor | None, record: SessionRecord | None
    ) -> Answer:
        """Show a page to a visitor, or send them where they are better served."""
        session = await self._auth.sessions.faces.public(record) if record else None
        elsewhere = await self._elsewhere(scope, page, record, session)
        if elsewhere is not None:
            return answers.redirect(elsewhere, 303)
        return await self._render(scope, page, session, visitor)

    async def _elsewhere(
        self,
        scope: Scope,
        page: Page,
        record: SessionRecord | None,
        session: Mapping[str, Any] | None,
    ) -> str | None:
        """Decide whether the visitor is better served by another page."""
        path, query = page.path, scope["query_string"].decode("latin-1")
        if page.rule is not None:
            refused = await self._refused(path, page.rule, query, record, session)
            if refused is not None:
                return refused
        if path == self._auth.pages.sign_in and session is not None:
            said = {name: values[-1] for name, values in parse_qs(query).items()}
            if not is_news(said.get("error", ""), said.get("code", "")):
                return await self._onward(scope, path, said.get("callbackUrl", "/"))
        return None if scope["path"] in (path, path + "/") else _address(path, query)

    async def _refused(
        self,
        path: str,
        rule: Rule,
        query: str,
        record: SessionRecord | None,
        session: Mapping[str, Any] | None,
    ) -> str | None:
        """Judge the visitor of a protected page, first as the app does; say where others go."""
        verdict = await self._auth.callbacks.ask_authorized(path, session)
        if verdict and isinstance(verdict, str):
            return verdict
        if verdict:
            is_enough = record is not None and rule.is_for_every_member
            return None if is_enough else await self._ruled_out(path, rule, query, record)
        if session is not None:
            raise AccessDenied("This page is not for you.", reason="page")
        return self._auth.sign_in_url(callbackUrl=_address(path, query))

    async def _ruled_out(
        self, path: str, rule: Rule, query: str, record: SessionRecord | None
    ) -> str | None:
        """Judge the visitor by the page's own rule, and say where to go if it is not for them."""
        session = self._auth.session(record) if record else None
        match await rule.judge(session, self._auth.clock):
            case Verdict.SIGN_IN:
                return self._auth.sign_in_url(callbackUrl=_address(path, query))
            case Verdict.CONFIRM:
                return self._auth.confirm_url(_address(path, query))
            case Verdict.DENIED:
                raise AccessDenied("This page is not for you.", reason="page")
        return None

    async def _onward(self, scope: Scope, path: str, wanted: str) -> str:
        """Send somebody who is signed in already where they wanted to go."""
        base_url = self._visitors.origins.base_url(scope)
        target = await self._auth.redirect(wanted, base_url)
        return base_url if page_at(urlsplit(target).path) == path else target

    async def _render(
        self,
        scope: Scope,
        page: Page,
        session: Mapping[str, Any] | None,
        visitor: Visitor | None,
    ) -> Answer:
        if page.template is None:
            return answers.text("Not found", 404)
        if session is not None:
            await ev.tell(self._auth.events.session, session=session, path=page.path)
        sent = visitor.cookies if visitor else None
        sheet = page.template.in_words(self._wording(scope, sent, is_member=session is not None))
        secure = visitor.names.secure if visitor else self._is_secure(scope)
        gzip = takes_gzip(scope)
        headers = page.template.headers(secure=secure, gzip=gzip)
        return Answer(200, headers, sheet.show(session, gzip=gzip))

    def _wording(
        self, scope: Scope, sent: Mapping[str, list[str]] | None, *, is_member: bool
    ) -> Wording:
        """Choose the texts for a visitor; those of protected pages are for members."""
        wordings = self._for_members if is_member else self._for_all
        return wordings[language_of(scope, self._auth.words, sent)]

    def _is_secure(self, scope: Scope) -> bool:
        return self._visitors.origins.base_url(scope).startswith("https://")

    async def _script(self, scope: Scope, path: str) -> ASGIApp | None:
        endpoints = self._site.endpoints_script(path.removeprefix(_SCRIPTS))
        if endpoints is not None:
            script = endpoints.addressed_to(self._visitors.origins.base_url(scope))
            return Answer(200, [*_SCRIPT_HEADERS], script.encode())
        if self._site.is_public_script(path.removeprefix(_SCRIPTS)):
            return keep(self._app) if is_named_by_content(path) else None
        record = (await self._visitors.receive(scope)).record
        if record is None:
            return answers.text("Sign in first.", 401)
        pages = self._site.pages_with(path.removeprefix(_SCRIPTS))
        if pages and not await self._may_see_one(pages, record):
            return answers.text("This is not for you.", 403)
        return keep_apart(self._app)

    async def _may_see_one(self, pages: Sequence[str], record: SessionRecord) -> bool:
        """Tell whether a member may see a page that needs a script which no public page needs."""
        session = await self._auth.sessions.faces.public(record)
        for page in pages:
            try:
                rule = self._site.rule(page)
                if rule is None:
                    return True
                if await self._refused(page, rule, "", record, session) is None:
                    return True
            except AccessDenied:
                continue
        return False

    async def _visitor(self, scope: Scope, *, required: bool) -> Visitor | None:
        """Receive a visitor; public pages are served even when the store is down."""
        try:
            return await self._visitors.receive(scope)
        except StoreUnavailable:
            if required:
                raise
            return None

    def _mark_browser(self, headers: RawHeaders, visitor: Visitor | None) -> None:
        """See to it that the browser has a CSRF cookie: its sockets are known by it."""
        if visitor is not None and not self._visitors.browser(visitor):
            self._visitors.put_csrf(headers, visitor, visitor.sid)


def is_news(error: str, reason: str) -> bool:
    """Tell whether the sign-in page has to explain an error to who is signed in as well.

    That an earlier session is over is no news to them. Nor is that somebody has signed in since
    a sign-in at a provider was begun, which is what happens to the later of two tabs.

    Args:
        error: The error's code; empty for none.
        reason: Its reason.

    Returns:
        Whether it has.
    """
    return error not in ("", "SessionRequired") and reason != "member"


def _address(path: str, query: str) -> str:
    """Spell a page's address from its decoded path, which has its escapes back, and the query."""
    address = quote(path, safe=_AS_IN_PATHS)
    return f"{address}?{query}" if query else address
