"""Installs the sessions in a Reflex app."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Unpack

import reflex as rx
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Scope

from ..core.authentication import with_second_factor
from ..core.errors import (
    AccessDenied,
    ConfigurationError,
    CredentialsSignin,
    NotAuthenticated,
    StoreUnavailable,
)
from ..core.operator import SERVER_FILE, SessionCommands
from ..core.record import Device, SessionRecord
from ..core.rules import MEMBERS, page_path
from ..core.session import ActiveSession
from ..core.sessions import SessionService
from ..core.utils import in_background
from ..engine import AuthOptions, Engine
from ..http.api import Api
from ..http.context import RequestContext, RequestContexts
from ..http.cookies import CookieNames, names_of
from ..http.operator import announced
from ..http.outermost import Layer, Origins, OutermostMiddleware, address_of, is_preflight
from ..http.own_routes import OwnRoutes, OwnSockets, current_request, request_of
from ..http.pages.build import Site
from ..http.pages.files import BuiltFiles, ErrorPages
from ..http.pages.guard import PageGuard
from ..http.pages.policy import Policy
from ..http.router import BodyRejected, json_error
from ..http.sockets.caller import current_caller, require_caller
from ..http.sockets.connections import Connection, Connections
from ..http.sockets.handshake import Handshake
from ..http.sockets.uploads import Uploads
from ..login import Login
from ..providers.base import RedirectProvider
from .compat import (
    RegistrationContext,
    answer_wrong_uploads,
    api_of,
    backend_path,
    check_app,
    difference,
    get_config,
)
from .logs import BrowserErrors, make_reflex_printable, search_reports_briefly, write_log
from .middleware import SessionMiddleware
from .protected import Guards, page_rules, routes_of
from .routes import answer_errors, guard, install_outermost, is_public
from .tabs.isolation import TabIsolation
from .tabs.messages import LEAVE, MessageFilter
from .tabs.push import OpenTabs, TabSync

_SWEEP_SECONDS = 60


async def _sweep(sessions: SessionService) -> None:
    while True:
        with contextlib.suppress(StoreUnavailable):
            await sessions.sweep()
        await asyncio.sleep(_SWEEP_SECONDS)


def transformers_of(app: rx.App) -> Sequence[Starlette | Callable[[ASGIApp], ASGIApp]]:
    """List the layers that an app has of its own."""
    own = app.api_transformer
    if own is None:
        return ()
    return own if isinstance(own, Sequence) else (own,)


def leave_origins_to_us(app: rx.App) -> tuple[str, ...]:
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
    return named


def _api_routes(app: rx.App) -> Sequence[BaseRoute]:
    api = api_of(app)
    return api.routes if api else ()


def _is_frontend(route: BaseRoute) -> bool:
    return getattr(route, "name", None) == "frontend"


def _is_reflex(site: Site | None, scope: Scope) -> bool:
    """Tell what Reflex and the build serve, and no route of the app's own.

    An app's own HTML files are documents, so they are as closed as its pages.
    """
    path = scope["path"]
    event, upload, *others = map(backend_path, ("EVENT", "UPLOAD", "PING", "HEALTH"))
    if scope["type"] == "websocket":
        return f"{path}/".startswith(f"{event}/")
    if path in others or (path == upload and scope["method"] == "POST") or is_preflight(scope):
        return True
    file = page_path(address_of(scope))
    return site is not None and file in site.files and not file.lower().endswith((".html", ".htm"))


def _is_missing(
    app: rx.App, layers: Sequence[Starlette | Callable[[ASGIApp], ASGIApp]], scope: Scope
) -> bool:
    """Tell whether none of an app's own routes takes a request, as far as it can be known."""
    routes = list(_api_routes(app))
    for layer in layers:
        if not isinstance(layer, Starlette):
            return False
        routes.extend(layer.routes)
    return not any(
        route.matches(scope)[0] is not Match.NONE
        for route in routes
        if not _is_frontend(route) and getattr(route, "path", None) != ""
    )


@dataclass(eq=False)
class Installation:
    """The parts that exist once an app has the sessions."""

    app: rx.App
    engine: Engine
    guards: Guards
    _: KW_ONLY
    folder: Path | None
    also: tuple[str, ...]
    policy: Policy
    stack: ASGIApp = field(init=False)
    """All that is in front of the app, for requests that it sends to itself."""

    def __post_init__(self) -> None:
        app, engine = self.app, self.engine
        self._connections, self._own_sockets = Connections(), OwnSockets()
        self.contexts = RequestContexts(engine, Origins(engine.settings.url, also=self.also))
        self._api = Api(engine, self.contexts)
        self.sign_out = self._api.sign_out
        self._site = self._load_site(self.folder) if self.folder is not None else None
        self.isolation = TabIsolation(app, engine, self._connections, self.contexts.csrf)
        self.tab_sync = TabSync(
            app,
            engine,
            self.guards,
            self._connections,
            self.isolation,
            serves_pages=self._site is not None,
        )
        self.open_tabs = OpenTabs(engine, self._connections, self.tab_sync.spawn)
        self._middleware = SessionMiddleware(
            engine,
            self.guards,
            self.tab_sync,
            handle_other=app.backend_exception_handler,
            allow_eval=self.policy.allow_eval,
        )
        self._guard_routes()
        self._trusted_origins = leave_origins_to_us(app)
        self._outermost = OutermostMiddleware(
            self._layers(), self.contexts.origins, proxies=engine.settings.trusted_proxies
        )
        app.add_middleware(self._middleware, index=0)
        app.backend_exception_handler = self._middleware.handle_exception
        app.frontend_exception_handler = BrowserErrors(app).handle
        app.register_lifespan_task(self._serve)
        answer_wrong_uploads(app, self._reject_upload)
        app.api_transformer = [*transformers_of(app), self._wrap_api]

    def cookie_names(self, base_url: str) -> CookieNames:
        return names_of(self.engine, base_url)

    def _load_site(self, folder: Path) -> Site:
        providers = self.engine.providers.values()
        origins = [each.origin for each in providers if isinstance(each, RedirectProvider)]
        targets = tuple(dict.fromkeys(filter(None, origins)))
        policy = replace(self.policy, form_targets=targets)
        return Site(folder, self.engine.page_rules, policy=policy)

    def _layers(self) -> Iterator[Layer]:
        """List the layers in front of the app, from the innermost to the outermost."""
        engine, site = self.engine, self._site
        shared: dict[str, Any] = {"engine": engine, "contexts": self.contexts}
        sockets: dict[str, Any] = {**shared, "connections": self._connections}
        yield partial(
            OwnRoutes,
            **shared,
            sockets=self._own_sockets,
            trusted_origins=self._trusted_origins,
            is_reflex=partial(_is_reflex, site),
            is_public=partial(is_public, self._own_routes),
            is_missing=partial(_is_missing, self.app, transformers_of(self.app)),
            serves_pages=site is not None,
        )
        is_event = MessageFilter(RegistrationContext.get()).accepts
        yield partial(
            Handshake, **sockets, path=backend_path("EVENT"), is_event=is_event, leave=LEAVE
        )
        yield partial(Uploads, **sockets, authorize=self._middleware.authorize_files)
        if site is not None:
            yield partial(PageGuard, **shared, site=site, error_pages=self._error_pages(site))
        yield self._api.before

    def _guard_routes(self) -> None:
        """Have the app's own routes check their rules; the last layer is the outermost."""
        apps = [each for each in transformers_of(self.app) if isinstance(each, Starlette)]
        self._own_routes = [route for each in reversed(apps) for route in each.routes]
        self._own_routes += _api_routes(self.app)
        guard(self._own_routes, self.guards)
        for each in (*apps, api_of(self.app)):
            if each is not None:
                answer_errors(each)

    def catch_up(self) -> None:
        """Check all sockets and tabs again, since notices were missed."""
        self.tab_sync.catch_up()
        self._own_sockets.catch_up()

    async def _reject_upload(self, request: HTTPConnection, raised: Exception) -> ASGIApp:
        if request.scope["path"] != backend_path("UPLOAD"):
            raise raised
        error = BodyRejected("The upload brings no files, or its event handler takes none.")
        self.contexts.audit_rejection(request.scope, error)
        return json_error(error)

    def _wrap_api(self, api: ASGIApp) -> ASGIApp:
        if self._site is not None:
            self._replace_files(self._site)
        self.stack = self._outermost.before(api)
        return self.stack

    def _replace_files(self, site: Site) -> None:
        """Serve the files of the build by our own rules, where Reflex would guess at pages."""
        mounts = [route for route in _api_routes(self.app) if _is_frontend(route)]
        if len(mounts) != 1 or not isinstance(mounts[0], Mount):
            raise difference("the built pages are not served by one mount named 'frontend'")
        mounts[0].app = BuiltFiles(mounts[0].app, site=site, error_pages=self._error_pages(site))

    def _error_pages(self, site: Site) -> ErrorPages:
        return ErrorPages(self.engine, self.contexts, site)

    @contextlib.asynccontextmanager
    async def _serve(self, starlette_app: Starlette) -> AsyncIterator[None]:
        """Stand in front of the whole app, and work in the background while it runs."""
        try:
            check_app(self.app, self._middleware, is_wrapped=hasattr(self, "stack"))
            await install_outermost(starlette_app, self._outermost.before)
        except ConfigurationError:
            sys.tracebacklimit = 0  # servers print what stops the start, and the error says it all
            raise
        self.isolation.install()
        make_reflex_printable()
        write_log()
        search_reports_briefly()
        sessions, tab_sync = self.engine.sessions, self.tab_sync
        sweep = partial(_sweep, sessions)
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self.engine.running(catch_up=self.catch_up))
            stack.push_async_callback(tab_sync.shutdown)
            for follow in (tab_sync.on_notice, self._own_sockets.on_notice):
                stack.callback(sessions.feed.subscribe(follow))
            await stack.enter_async_context(
                in_background({"sweep": sweep, "open tabs": self.open_tabs.run})
            )
            if (settings := self.engine.settings).admin:
                path = settings.data_dir / SERVER_FILE
                stack.enter_context(announced(path, get_config().backend_port))
            yield


class ReflexEngine(Engine):
    """All parts of an app's sessions, wired into its Reflex app."""

    _installation: Installation | None = None

    def __init__(self, **options: Unpack[AuthOptions[Any]]) -> None:
        super().__init__(**options)
        SessionCommands(self.commands, self.sessions, self.sessions_of)

    @cached_property
    def guards(self) -> Guards:
        """The rules of event handlers and vars."""
        return Guards(MEMBERS if self.protect_all else None)

    @property
    def is_installed(self) -> bool:
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
        self, app: rx.App, *, site: Path | None, also: tuple[str, ...], policy: Policy
    ) -> None:
        """Wire the sessions into an app, with the origins of its pages on other servers."""
        self.page_rules = self.rules_for(page_rules(app), routes_of(app))
        self.page_rules.check()
        self._installation = Installation(
            app, self, self.guards, folder=site, also=also, policy=policy
        )

    async def sessions_of(self, user_id: str, *, history: bool = False) -> list[ActiveSession]:
        """List a user's active sessions; see `Auth.sessions_of`."""
        records = await self.sessions.list_by_user(user_id)
        tabs = await self._installation.open_tabs.of(user_id) if self._installation else {}
        return [
            ActiveSession.of(
                record,
                tabs=tuple(tabs.get(record.id, ())),
                history=tuple(await self.sessions.store.history(record.id) if history else ()),
            )
            for record in records
        ]

    async def find_record(self, where: object) -> SessionRecord | None:
        """Find the session of a request, or of the running event, verified now."""
        if request := request_of(where):
            return await request.find_record()
        caller = current_caller()  # none where pages are built, before anything is installed
        return await self.installation.isolation.find_record(caller) if caller else None

    async def require_record(self, where: object) -> SessionRecord:
        """Find the session where there must be one."""
        if request_of(where) is None:
            require_caller()
        record = await self.find_record(where)
        if record is None:
            raise NotAuthenticated
        return record

    @staticmethod
    def current_device() -> Device | None:
        """Find the device of the running event or request, if there is one."""
        caller, request = current_caller(), current_request()
        sender = caller.connection if caller else request.context if request else None
        return sender.device if sender else None

    @staticmethod
    def sender(where: object) -> Connection | RequestContext:
        """Find who sends a request, or the running event."""
        request = request_of(where)
        return request.context if request else require_caller().connection

    async def path_of(self, url: str, connection: Connection) -> str:
        """Write a page's address for a tab, which another server may serve in development."""
        return connection.path_of(await self.redirect(url, connection.base_url))

    async def prove(
        self,
        record: SessionRecord,
        connection: Connection,
        provider: str,
        credentials: Mapping[str, Any],
    ) -> tuple[str, ...]:
        """Check that credentials, or the code of a second factor, are the session's user's."""
        if credentials.keys() == {"code"} and self.second_factor.factor is not None:
            methods = await self.second_factor.verify(
                record.user_id, credentials["code"], device=connection.device
            )
            return with_second_factor(record.amr, methods)
        granted = await self.authorize(connection, provider, credentials)
        if granted.user.id != record.user_id:
            raise CredentialsSignin
        if granted.redirect_to is not None:
            raise AccessDenied
        return granted.amr

    async def authorize(
        self, connection: Connection, provider: str, credentials: Mapping[str, Any]
    ) -> Login:
        """Check credentials that came over a socket."""
        return await self.logins.authorize(
            provider,
            credentials,
            device=connection.device,
            browser=connection.browser,
            has_left=lambda: not connection.is_open,
        )
