"""The sessions of an app, wired into it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import reflex as rx
from starlette.applications import Starlette
from starlette.types import ASGIApp

from ..http.api.endpoints import Endpoints
from ..http.messages.origin import Origins
from ..http.sockets.connections import Connections
from ..http.visitors import Visitors
from ..setup.auth import AuthCore
from .layers import front_of, layers_of, leave_origins_to_us, replace_files, site_of
from .logs import BrowserErrors, make_reflex_printable, search_reports_briefly
from .middleware import SessionMiddleware
from .protection.guards import Guards
from .running import running
from .tabs.event_guard import EventGuard
from .tabs.failures import Failures
from .tabs.live import Live
from .tabs.overviews import Overviews
from .tabs.ways import Ways


class Installation:
    """What is there of the sessions once an app has them.

    Attributes:
        live: Keeps the tabs in step.
        overviews: Shows users all of their sessions, live.
        signing_out: Leads who has signed out to their provider.
        stack: The whole app as a server sees it.
    """

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
        """Wire the parts into an app.

        Args:
            app: The app.
            auth: Its sessions.
            guards: Knows which event handlers and vars are for whom.
            site: The built pages, or None if another server serves them.
            also: Other origins whose pages belong to the app.
            allow_eval: Whether the pages' scripts may use `eval`.
        """
        connections = Connections()
        visitors = Visitors(auth, Origins(auth.settings.url, also=also))
        endpoints = Endpoints(auth, visitors)
        self._app, self._auth = app, auth
        self._site = site_of(auth, site, allow_eval=allow_eval) if site is not None else None
        self.signing_out = endpoints.signing_out
        ways = Ways(auth, serves_pages=site is not None)
        self.live = Live(app, auth, guards, connections, ways, csrf=visitors.csrf)
        self.overviews = Overviews(auth, connections, self.live, start=self.live.start)
        event_guard = EventGuard(auth, guards, self.live, ways)
        self._front = front_of(
            app,
            auth,
            visitors,
            connections,
            endpoints,
            event_guard,
            site=self._site,
            also=also,
        )
        app.add_middleware(SessionMiddleware(self.live, event_guard), index=0)
        failures = Failures(app, self.live, allow_eval=allow_eval)
        app.backend_exception_handler = failures.hear
        app.frontend_exception_handler = BrowserErrors(app).hear
        app.register_lifespan_task(self._serve)
        leave_origins_to_us(app)
        app.api_transformer = [*layers_of(app), self._keep]

    def _keep(self, app: ASGIApp) -> ASGIApp:
        """Remember all that is in front of the app, for requests that it sends to itself."""
        if self._site is not None:
            replace_files(self._app, self._auth, self._site)
        self.stack = self._front.before(app)
        return self.stack

    @contextlib.asynccontextmanager
    async def _serve(self, starlette_app: Starlette) -> AsyncIterator[None]:
        """Stand in front of the whole app, and do what has to be done while it runs."""
        if starlette_app.middleware_stack is not None:
            starlette_app.middleware_stack = self._front.before(starlette_app.middleware_stack)
        self.live.callers.install(
            verify=self.live.is_alive, is_tab_of_another=self.live.is_tab_of_another
        )
        make_reflex_printable()
        search_reports_briefly()
        async with running(self._auth, self.live, self.overviews):
            yield
