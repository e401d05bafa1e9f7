"""Installs the sessions in a Reflex app."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import reflex as rx
from reflex.state import BaseState
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from ..core.errors import ConfigurationError, NotAuthenticated, StoreUnavailable
from ..core.record import SessionRecord
from ..core.rules import page_path
from ..core.session import Session
from ..core.sessions import SessionService
from ..core.utils import in_background
from ..engine import AuthCore
from ..http.api import Api
from ..http.context import RequestContexts
from ..http.headers import find_header
from ..http.origin import Hosts, Origins
from ..http.pages.build import Site
from ..http.pages.files import BuiltFiles, ErrorPages
from ..http.pages.guard import PageGuard
from ..http.paths import CanonicalPaths, address_of
from ..http.protect_all import ProtectAll, is_preflight
from ..http.proxy_headers import ProxyHeaders
from ..http.router import Layer, OutermostMiddleware
from ..http.security_headers import Policy, SecurityHeaders
from ..http.sockets.callers import require_caller
from ..http.sockets.connections import Connection, Connections
from ..http.sockets.handshake import Handshake
from ..http.sockets.limits import Uploads
from ..login import Login
from ..providers.base import RedirectProvider
from .compat import (
    RegistrationContext,
    api_of,
    backend_path,
    check_app,
    get_config,
    install_outermost,
)
from .logs import BrowserErrors, make_reflex_printable, search_reports_briefly
from .middleware import ExceptionHandler, SessionMiddleware
from .protected import Guards, page_rules, routes_of
from .tabs.event_guard import EventGuard
from .tabs.messages import MessageFilter
from .tabs.navigation import Navigation
from .tabs.open_tabs import OpenTabs
from .tabs.push import TabSync
from .tabs.state import SessionState

_SWEEP_SECONDS = 60


@contextlib.asynccontextmanager
async def lifespan(auth: AuthCore, tab_sync: TabSync, open_tabs: OpenTabs) -> AsyncIterator[None]:
    """Keep the store open and swept, and everyone told."""
    await auth.sessions.store.open()
    feed = auth.sessions.feed
    stop = feed.subscribe(tab_sync.on_notice)
    sweep = partial(_sweep, auth.sessions)
    try:
        async with (
            auth.trail.lifespan(),
            in_background({"sweep": sweep, "open tabs": open_tabs.run}),
            auth.relay.connected(feed, catch_up=tab_sync.catch_up),
        ):
            yield
    finally:
        stop()
        await tab_sync.shutdown()
        await auth.presence.close()
        await auth.sessions.store.close()


async def _sweep(sessions: SessionService) -> None:
    while True:
        with contextlib.suppress(StoreUnavailable):
            await sessions.sweep()
        await asyncio.sleep(_SWEEP_SECONDS)


def load_site(auth: AuthCore, folder: Path, *, allow_eval: bool) -> Site:
    """Read the built pages."""
    ways = [way for way in auth.providers.values() if isinstance(way, RedirectProvider)]
    targets = dict.fromkeys(way.origin for way in ways if way.origin)
    policy = Policy(allow_eval=allow_eval, form_targets=tuple(targets))
    return Site(folder, auth.page_rules, policy=policy)


def outermost_middleware(  # noqa: PLR0917
    app: rx.App,
    auth: AuthCore,
    contexts: RequestContexts,
    connections: Connections,
    api: Api,
    event_guard: EventGuard,
    *,
    site: Site | None,
    also: tuple[str, ...],
) -> OutermostMiddleware:
    """Put the layers together."""
    is_event = MessageFilter(RegistrationContext.get()).accepts
    layers: list[Layer] = []
    if auth.protect_all:
        layers.append(
            partial(
                ProtectAll,
                auth=auth,
                contexts=contexts,
                is_public=partial(_is_public, site),
                is_missing=partial(_is_missing, app, transformers_of(app)),
                serves_pages=site is not None,
            )
        )
    layers += [
        partial(
            Handshake,
            auth=auth,
            contexts=contexts,
            connections=connections,
            path=backend_path("EVENT"),
            is_event=is_event,
        ),
        partial(
            Uploads,
            auth=auth,
            contexts=contexts,
            connections=connections,
            authorize=event_guard.authorize_files,
        ),
    ]
    if site is not None:
        error_pages = ErrorPages(auth.locales, site.links)
        layers.append(
            partial(PageGuard, auth=auth, contexts=contexts, site=site, error_pages=error_pages)
        )
    layers.append(api.before)
    layers += [
        partial(_open_to, origins=contexts.origins, has_others=bool(also)),
        CanonicalPaths,
        partial(Hosts, url=auth.settings.url),
        partial(SecurityHeaders, is_secure=contexts.origins.is_secure),
    ]
    if auth.settings.trusted_proxies:
        layers.append(partial(ProxyHeaders, proxies=auth.settings.trusted_proxies))
    return OutermostMiddleware(layers)


def transformers_of(app: rx.App) -> Sequence[Starlette | Callable[[ASGIApp], ASGIApp]]:
    """List the layers that an app has of its own."""
    own = app.api_transformer
    if own is None:
        return ()
    return own if isinstance(own, Sequence) else (own,)


def replace_files(app: rx.App, auth: AuthCore, site: Site) -> None:
    """Serve the files of the build by our own rules, where Reflex would guess at pages."""
    mounts = [route for route in _api_routes(app) if _is_frontend(route)]
    if len(mounts) != 1 or not isinstance(mounts[0], Mount):
        raise ConfigurationError(
            "This version of Reflex serves the built pages in a way that authdemo.sessions doesn't "
            "know. Take the version that requirements.txt names."
        )
    error_pages = ErrorPages(auth.locales, site.links)
    mounts[0].app = BuiltFiles(mounts[0].app, site=site, error_pages=error_pages)


def leave_origins_to_us(app: rx.App) -> None:
    """Keep Reflex from letting any origin in: its `*` stands for the app's own, which we know.

    The origins that the app's author names may read answers, and open no socket of Reflex's.
    """
    if app.sio is not None:
        app.sio.eio.cors_allowed_origins = []
    config = get_config()  # which the layers that Reflex has yet to make are made by
    named = tuple(origin for origin in config.cors_allowed_origins if origin != "*")
    config.cors_allowed_origins = named
    api = api_of(app)
    for layer in api.user_middleware if api else ():
        if "allow_origins" in layer.kwargs:
            layer.kwargs["allow_origins"] = named


def _api_routes(app: rx.App) -> Sequence[BaseRoute]:
    api = api_of(app)
    return api.routes if api else ()


def _is_frontend(route: BaseRoute) -> bool:
    return getattr(route, "name", None) == "frontend"


def _is_public(site: Site | None, scope: Scope) -> bool:
    """Tell what Reflex needs to start, where `ProtectAll` stands; its sockets have their own guard.

    An app's own HTML files are documents, so they are as closed as its pages.
    """
    path = scope["path"]
    event, upload, *others = map(backend_path, ("EVENT", "UPLOAD", "PING", "HEALTH"))
    if scope["type"] == "websocket":
        return f"{path}/".startswith(f"{event}/")
    if path in others or (path == upload and scope["method"] == "POST") or is_preflight(scope):
        return True
    file = page_path(address_of(scope))
    return site is not None and site.is_file(file) and not file.lower().endswith((".html", ".htm"))


def _is_missing(
    app: rx.App, layers: Sequence[Starlette | Callable[[ASGIApp], ASGIApp]], scope: Scope
) -> bool:
    """Tell whether none of an app's own routes takes a request, as far as it can be known."""
    if not all(isinstance(layer, Starlette) for layer in layers):
        return False
    own = [route for layer in layers if isinstance(layer, Starlette) for route in layer.routes]
    routes = [*_api_routes(app), *own]
    return not any(
        route.matches(scope)[0] is not Match.NONE
        for route in routes
        if not _is_frontend(route) and getattr(route, "path", None) != ""
    )


def _open_to(app: ASGIApp, *, origins: Origins, has_others: bool) -> ASGIApp:
    """Let the app's own pages call, also those of another server, such as the development server.

    Whether any other origin may is for what is behind to say, such as Reflex.
    """
    shared = CORSMiddleware(
        app,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        allow_credentials=True,
    )
    varying = CORSMiddleware(app) if has_others else app

    async def judge(scope: Scope, receive: Receive, send: Send) -> None:
        is_from_page = scope["type"] == "http" and find_header(scope, b"origin") is not None
        if is_from_page and origins.is_own(scope):
            await shared(scope, receive, send)
        else:
            await (app if is_preflight(scope) else varying)(scope, receive, send)

    return judge


class Installation:
    """What is there of the sessions once an app has them."""

    stack: ASGIApp

    def __init__(
        self,
        app: rx.App,
        auth: AuthCore,
        guards: Guards,
        *,
        site: Path | None,
        also: tuple[str, ...],
        allow_eval: bool,
    ) -> None:
        connections = Connections()
        contexts = RequestContexts(auth, Origins(auth.settings.url, also=also))
        api = Api.of(auth, contexts)
        self._app, self._auth = app, auth
        self._site = load_site(auth, site, allow_eval=allow_eval) if site is not None else None
        self.sign_out = api.sign_out
        navigation = Navigation(auth, serves_pages=site is not None)
        self.tab_sync = TabSync(app, auth, guards, connections, navigation, csrf=contexts.csrf)
        self.open_tabs = OpenTabs(auth, connections, self.tab_sync.spawn)
        event_guard = EventGuard(auth, guards, self.tab_sync, navigation)
        self._front = outermost_middleware(
            app,
            auth,
            contexts,
            connections,
            api,
            event_guard,
            site=self._site,
            also=also,
        )
        self._middleware = SessionMiddleware(self.tab_sync, event_guard)
        app.add_middleware(self._middleware, index=0)
        exceptions = ExceptionHandler(app, self.tab_sync, allow_eval=allow_eval)
        app.backend_exception_handler = exceptions.handle
        app.frontend_exception_handler = BrowserErrors(app).handle
        app.register_lifespan_task(self._serve)
        leave_origins_to_us(app)
        app.api_transformer = [*transformers_of(app), self._wrap_api]

    def _wrap_api(self, app: ASGIApp) -> ASGIApp:
        """Remember all that is in front of the app, for requests that it sends to itself."""
        if self._site is not None:
            replace_files(self._app, self._auth, self._site)
        self.stack = self._front.before(app)
        return self.stack

    @contextlib.asynccontextmanager
    async def _serve(self, starlette_app: Starlette) -> AsyncIterator[None]:
        """Stand in front of the whole app, and do what has to be done while it runs."""
        try:
            check_app(self._app, self._middleware)
            await install_outermost(starlette_app, self._front.before)
        except ConfigurationError:
            sys.tracebacklimit = 0  # servers print what stops the start, and the error says it all
            raise
        self.tab_sync.callers.install()
        make_reflex_printable()
        search_reports_briefly()
        async with lifespan(self._auth, self.tab_sync, self.open_tabs):
            yield


class Engine(AuthCore):
    """All parts of an app's sessions, wired into its Reflex app."""

    _installation: Installation | None = None

    @cached_property
    def guards(self) -> Guards:
        """The rules of event handlers and vars."""
        return Guards(protect_all=self.protect_all)

    @property
    def is_installed(self) -> bool:
        """Whether a Reflex app has the sessions."""
        return self._installation is not None

    @property
    def installation(self) -> Installation:
        """What exists once a Reflex app has the sessions."""
        if self._installation is None:
            raise ConfigurationError(
                "These sessions are not installed. Name them to SessionsPlugin in rxconfig.py."
            )
        return self._installation

    def install(
        self, app: rx.App, *, site: Path | None, also: tuple[str, ...], allow_eval: bool
    ) -> None:
        """Wire the sessions into an app, with the origins of its pages on other servers."""
        self.page_rules = self.rules_for(page_rules(app), routes_of(app))
        self.page_rules.check()
        self._installation = Installation(
            app, self, self.guards, site=site, also=also, allow_eval=allow_eval
        )

    def viewer(self, state: BaseState) -> Session | None:
        """Find the session of the tab that a state belongs to, as last verified."""
        return self._installation.tab_sync.viewer(state) if self._installation else None

    async def require_record(self) -> tuple[Connection, SessionRecord]:
        """Find the socket and the session of the running event, verified now."""
        caller = require_caller()
        record = await self.installation.tab_sync.record_of(caller)
        if record is None:
            raise NotAuthenticated
        return caller.connection, record

    async def path_of(self, url: str, connection: Connection) -> str:
        """Write a page's address for a tab, which another server may serve in development."""
        return connection.path_of(await self.redirect(url, connection.base_url))

    async def authorize(
        self, connection: Connection, provider: str, credentials: Mapping[str, Any]
    ) -> Login:
        """Check credentials that came over a socket."""
        return await self.logins.authorize(
            provider,
            credentials,
            device=connection.device,
            has_left=lambda: not connection.is_open,
        )

    async def sign_out_at_provider(
        self, state: BaseState, connection: Connection, record: SessionRecord
    ) -> None:
        """Send a tab that has signed out to the provider, if it has to sign out there, too."""
        session_state = await state.get_state(SessionState)
        wanted = session_state.redirect_url or connection.address
        url = await self.installation.sign_out.provider_logout_url(
            record, connection.base_url, connection.base_url + wanted
        )
        if url is not None:
            connection.post_logout_url = session_state.redirect_url = url
