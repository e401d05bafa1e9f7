"""`auth`: an app's sessions, as its event handlers and pages see them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import reflex as rx
from reflex_base.registry import RegistrationContext
from starlette.applications import Starlette
from starlette.types import ASGIApp

from ..core.auth import AuthCore
from ..core.errors import (
    CredentialsSignin,
    NotAuthenticated,
    RequestRefused,
    StoreUnavailable,
)
from ..core.record import SessionRecord
from ..core.tickets import Pass
from ..core.users import User
from ..http.connections import Connection, Connections
from ..http.endpoints import Endpoints
from ..http.forwarded import Forwarded
from ..http.gate import Gate
from ..http.handshake import Handshake
from ..http.origin import Origins
from ..http.site import Site
from ..http.visitor import Desk
from .frames import Frames
from .hooks import session_errands
from .installed import install
from .live import Live
from .middleware import SessionMiddleware
from .overviews import Overviews
from .state import SessionState

_SWEEP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Session:
    """A verified session, as event handlers see it.

    Attributes:
        user: The user, of the app's own type.
        expires: When the session ends unless it is renewed.
        rev: Its revision.
        claims: What the `jwt` callback added.
    """

    user: Any
    expires: datetime
    rev: int
    claims: Mapping[str, Any]


class Auth(AuthCore):
    """The sessions of a Reflex app (Auth.js: `NextAuth(config)`).

    Make one, hand it to `SessionsPlugin`, and use it in event handlers::

        session = await auth(self)
        await auth.update(self, name="Serverserver-man")

    Attributes:
        overviews: Shows users all of their sessions, live.
    """

    overviews: Overviews
    stack: ASGIApp
    """The whole app as a server sees it, once it is installed."""
    _live: Live

    async def __call__(self, state: rx.State) -> Session | None:
        """Read the session of the tab whose event is running (Auth.js: `auth()`).

        It is verified now, whatever the tab shows.

        Args:
            state: The event handler's `self`.

        Returns:
            The session, or None if nobody is signed in.

        Raises:
            StoreUnavailable: If the store can't say.
        """
        record = await self._live.record(self._live.connection(state))
        return self._session(record) if record else None

    async def update(self, state: rx.State, **fields: Any) -> Session:
        """Update the session from the server (Auth.js: `unstable_update`).

        Every tab shows it at once, and the browser's cookie follows.

        Args:
            state: The event handler's `self`.
            **fields: The fields to change; the server may change all but `id`.

        Returns:
            The session as it is now.

        Raises:
            NotAuthenticated: If nobody is signed in.
            UpdateRefused: If a field can't be changed like that; names it.
            StoreUnavailable: If the store can't keep it.
        """
        connection = self._live.connection(state)
        if connection is None or connection.sid is None:
            raise NotAuthenticated
        record = await self.sessions.update(
            connection.sid, fields, author="server", device=connection.device
        )
        await self._live.settle(state, connection)
        session_state = await state.get_state(SessionState)
        session_state.cookie_rev = record.rev
        return self._session(record)

    async def sign_in(
        self,
        state: rx.State,
        credentials: Mapping[str, Any],
        *,
        provider: str = "credentials",
        callback_url: str = "/",
    ) -> None:
        """Sign in over the socket (Auth.js: `signIn`).

        The tab gets a ticket, exchanges it for the cookie and goes on.

        Args:
            state: The event handler's `self`.
            credentials: What the form sent.
            provider: The provider's id.
            callback_url: Where to go; another origin is not followed.

        Raises:
            SignInError: If nobody is signed in; its message is for the user.
        """
        connection = self._connection(state)
        granted = await self.authorize(provider, credentials, device=connection.device)
        session_state = await state.get_state(SessionState)
        if granted.redirect_to is not None:
            session_state.leave_to = await self.redirect(granted.redirect_to, connection.base_url)
            return
        session_state.ticket = await self.tickets.issue(
            Pass(
                user=granted.user.model_dump(),
                provider=granted.account.provider,
                callback_url=callback_url,
                browser=connection.browser,
            )
        )

    async def sign_out(self, state: rx.State) -> None:
        """End the session of the tab whose event is running (Auth.js: `signOut`).

        Every tab of it leaves the protected pages, on every device that shares it.

        Args:
            state: The event handler's `self`.
        """
        connection = self._live.connection(state)
        if connection is not None and connection.sid is not None:
            await self.sessions.sign_out(connection.sid, device=connection.device)
        await self._live.settle(state, connection)

    async def confirm(
        self,
        state: rx.State,
        credentials: Mapping[str, Any],
        *,
        provider: str = "credentials",
    ) -> Session:
        """Let the user prove again who they are, before something that matters.

        Failures count against the limit, as those of a sign-in do.

        Args:
            state: The event handler's `self`.
            credentials: What the form sent.
            provider: The provider's id.

        Returns:
            The session, whose user it was.

        Raises:
            NotAuthenticated: If nobody is signed in.
            SignInError: If the credentials are wrong, or somebody else's.
        """
        session = await self(state)
        if session is None:
            raise NotAuthenticated
        connection = self._connection(state)
        granted = await self.authorize(provider, credentials, device=connection.device)
        if granted.user.id != session.user.id:
            raise CredentialsSignin
        return session

    async def revoke_others(self, state: rx.State) -> int:
        """End the user's other sessions, as after a change of password.

        Args:
            state: The event handler's `self`; its own session stays.

        Returns:
            How many there were.

        Raises:
            NotAuthenticated: If nobody is signed in.
        """
        connection, record = await self.member(state)
        return await self.sessions.revoke_user(
            record.user_id, but=record.id, device=connection.device
        )

    async def member(self, state: rx.State) -> tuple[Connection, SessionRecord]:
        """Find the socket and the session behind an event; for parts of this package.

        Args:
            state: The event handler's `self`.

        Returns:
            Both, verified now.

        Raises:
            NotAuthenticated: If nobody is signed in.
            RequestRefused: If the socket is gone.
        """
        connection = self._connection(state)
        record = await self._live.record(connection)
        if record is None:
            raise NotAuthenticated
        return connection, record

    def install(
        self,
        app: rx.App,
        *,
        site: Path | None,
        also: tuple[str, ...] = (),
        allow_eval: bool = False,
    ) -> None:
        """Wire the sessions into an app; `SessionsPlugin` calls this.

        Args:
            app: The app.
            site: The built pages, or None if another server serves them.
            also: Other origins whose pages belong to the app.
            allow_eval: Whether the pages' scripts may use `eval`.
        """
        connections = Connections()
        desk = Desk(self, Origins(self.settings.url, also=also))
        self._live = Live(app, self, connections)
        self.overviews = Overviews(self, connections, self._live, start=self._live.start)
        install(self)
        app.add_middleware(SessionMiddleware(self._live), index=0)
        app.register_lifespan_task(self._serve)
        _leave_origins_to_us(app)
        layers: list[Starlette | Callable[[ASGIApp], ASGIApp]] = [
            Starlette(routes=Endpoints(self, desk).routes()),
            partial(
                Handshake,
                auth=self,
                desk=desk,
                connections=connections,
                is_event=Frames(RegistrationContext.get()).are_for_us,
            ),
        ]
        if site is not None:
            pages = Site(site, self.pages.protected, allow_eval=allow_eval)
            layers.append(partial(Gate, auth=self, desk=desk, site=pages))
        if self.settings.trusted_proxies:
            layers.append(partial(Forwarded, proxies=self.settings.trusted_proxies))
        app.api_transformer = [*_layers_of(app), *layers, self._keep]

    def _keep(self, stack: ASGIApp) -> ASGIApp:
        """Remember all that is in front of the app, for requests that it sends to itself."""
        self.stack = stack
        return stack

    @contextlib.asynccontextmanager
    async def _serve(self) -> AsyncIterator[None]:
        """Keep the store open and swept while the app runs."""
        await self.sessions.store.open()
        feed = self.sessions.feed
        stops = [feed.subscribe(self._live.hear), feed.subscribe(self.overviews.hear)]
        works = (self._sweep(), self.trail.run(), self.overviews.run())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            async with self.relay.connected(feed, catch_up=self._live.catch_up):
                yield
        finally:
            for task in tasks:
                task.cancel()
            for stop in stops:
                stop()
            await self.trail.flush()
            await self.presence.close()
            await self.sessions.store.close()

    async def _sweep(self) -> None:
        while True:
            with contextlib.suppress(StoreUnavailable):
                await self.sessions.sweep()
            await asyncio.sleep(_SWEEP_SECONDS)

    def _connection(self, state: rx.State) -> Connection:
        connection = self._live.connection(state)
        if connection is None:
            raise RequestRefused("The connection is gone. Reload the page.")
        return connection

    def _session(self, record: SessionRecord) -> Session:
        user: User = self.sessions.faces.user(record)
        expires = datetime.fromtimestamp(record.expires, UTC)
        return Session(user=user, expires=expires, rev=record.rev, claims=record.claims)


def add_errands(app: rx.App) -> None:
    """Put the component that does the server's errands on every page.

    Args:
        app: The app.
    """
    app.extra_app_wraps[(3, "SessionErrands")] = lambda _: rx.fragment(session_errands())


def _leave_origins_to_us(app: rx.App) -> None:
    """Switch Socket.IO's fixed list of origins off: `Handshake` knows the app's own."""
    if app.sio is not None:
        app.sio.eio.cors_allowed_origins = []


def _layers_of(app: rx.App) -> Sequence[Starlette | Callable[[ASGIApp], ASGIApp]]:
    own = app.api_transformer
    if own is None:
        return ()
    return own if isinstance(own, Sequence) else (own,)
