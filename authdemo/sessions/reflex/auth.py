"""`auth`: an app's sessions, as its event handlers and pages see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import reflex as rx
from reflex.state import BaseState
from starlette.types import ASGIApp

from ..core.errors import (
    AccessDenied,
    ConfigurationError,
    ConnectionLost,
    CredentialsSignin,
    NotAuthenticated,
)
from ..core.one_time import LoginTicket
from ..core.record import Device, SessionRecord
from ..core.session import ActiveSession, Session
from ..engine import AuthCore
from ..http.sockets.callers import Caller, current_caller
from ..http.sockets.connections import Connection
from ..login import Granted, Provider
from .compat import root_state
from .install import Installation
from .protected import Guards, check_plugged_in, page_rules, routes_of
from .tabs.push import Live
from .tabs.state import SessionState


class Auth(AuthCore):
    """The sessions of a Reflex app (Auth.js: `NextAuth(config)`).

    Make one, hand it to `SessionsPlugin`, and use it in event handlers::

        session = await auth(self)
        await auth.update(self, name="Serverserver-man")

    Whatever its methods raise is an `AuthError`, with a message for people and a code for
    programs. What a callback of yours raises as an `AuthError` comes through as it is; what else
    it raises is logged, and becomes `CallbackFailed`.

    Attributes:
        guards: Knows which event handlers and vars are for whom.
    """

    _installation: Installation | None = None

    def __new__(cls, *_: Any, **__: Any) -> Self:
        """Make none that nobody would ask."""
        check_plugged_in()
        return super().__new__(cls)

    @staticmethod
    def installed() -> Auth:
        """Find the sessions of the running app, for parts of pages that any app may place.

        Returns:
            What the app's `SessionsPlugin` names.

        Raises:
            ConfigurationError: If the app has no sessions.
        """
        if not _installed:
            raise ConfigurationError(
                "This app has no sessions. Add SessionsPlugin to its rxconfig.py."
            )
        return _installed[0]

    @cached_property
    def guards(self) -> Guards:
        """Knows which event handlers and vars are for whom."""
        return Guards(protect_all=self.protect_all)

    @property
    def live(self) -> Live:
        """Keeps the tabs in step; there once the sessions are installed."""
        return self._installed.live

    @property
    def stack(self) -> ASGIApp:
        """The whole app as a server sees it, once the sessions are installed."""
        return self._installed.stack

    async def __call__(self, state: rx.State) -> Session | None:  # noqa: ARG002
        """Read the session that the running event started with (Auth.js: `auth()`).

        It is verified now, whatever the tab shows. What the event starts or chains, such as a
        background task, has the same session for as long as it runs, and never another one.

        Args:
            state: The event handler's `self`.

        Returns:
            The session, or None without one: nobody is signed in, or the session has ended.

        Raises:
            StoreUnavailable: If the store can't say.
        """
        record = await self.live.record_of(current_caller())
        return self.session(record) if record else None

    async def update(self, state: rx.State, /, **fields: Any) -> Session:
        """Update the session from the server (Auth.js: `unstable_update`).

        Every tab shows it at once, and the browser's cookie follows.

        Args:
            state: The event handler's `self`.
            **fields: The fields to change; the server may change all but `id`.

        Returns:
            The session as it is now.

        Raises:
            NotAuthenticated: If nobody is signed in, or the `jwt` callback ends the session.
            UpdateRejected: If a field can't be changed like that, or no token could carry it;
                names it.
            CallbackFailed: If a function of the app raised.
            StoreUnavailable: If the store can't keep it.
            ImmutableStateError: In a background task, outside of `async with self`.
        """
        caller = self._caller()
        if caller.sid is None:
            raise NotAuthenticated
        session_state = await state.get_state(SessionState)  # before anything is stored
        result = await self.sessions.update(
            caller.sid, fields, author="server", device=caller.connection.device
        )
        await self.live.settle(state, caller)
        session_state.cookie_step = result.record.version
        return self.session(result.record)

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
            CallbackFailed: If a function of the app raised.
            StoreUnavailable: If failures can't be counted, or the ticket can't be kept.
            ConnectionLost: If the socket is gone.
        """
        connection = self._caller().connection
        granted = await self._authorize(connection, provider, credentials)
        session_state = await state.get_state(SessionState)
        if granted.redirect_to is not None:
            session_state.leave_to = await self._way_to(granted.redirect_to, connection)
            return
        session_state.ticket = await self.tickets.put(
            LoginTicket(
                user=self.sessions.schema.adopt(granted.user, {}),
                started_at=granted.began,
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

        Raises:
            StoreUnavailable: If the store can't end it; catch that, and say it to the user.
        """
        caller = current_caller()
        record = await self.live.record_of(caller)
        if caller is None or not caller.is_valid:
            return
        if record is not None:
            await self.sessions.end(record.id, "signed-out", device=caller.connection.device)
        tab = root_state(state)  # which `state` is no part of afterwards if it is shared
        await self.live.settle(tab, caller)
        if record is not None:
            await self._lead_on(tab, caller.connection, record)

    async def confirm(
        self,
        state: rx.State,
        credentials: Mapping[str, Any],
        *,
        provider: str = "credentials",
    ) -> Session:
        """Let the user prove again who they are, before something that matters.

        From then on the session is fresh, as `protected(fresh=...)` asks. Failures count
        against the limit, as those of a sign-in do.

        Args:
            state: The event handler's `self`.
            credentials: What the form sent.
            provider: The provider's id.

        Returns:
            The session, whose user it was.

        Raises:
            NotAuthenticated: If nobody is signed in.
            SignInError: If the credentials are wrong, or somebody else's, or the `sign_in`
                callback doesn't let the user in, or sends them elsewhere.
            CallbackFailed: If a function of the app raised.
            StoreUnavailable: If the store can't say, count failures or keep it.
            ConnectionLost: If the socket is gone.
        """
        session = await self(state)
        if session is None:
            raise NotAuthenticated
        caller = self._caller()
        granted = await self._authorize(caller.connection, provider, credentials)
        if granted.user.id != session.user.id:
            raise CredentialsSignin
        if granted.redirect_to is not None:
            raise AccessDenied
        _, record = await self.member(state)
        record = await self.sessions.reauthenticate(record.id, device=caller.connection.device)
        await self.live.settle(state, caller)
        return self.session(record)

    async def token_for(
        self, state: rx.State, /, *, audience: str, max_age: int = 300, **claims: Any
    ) -> str:
        """Make a token by which another service knows the user, without asking this one.

        The service verifies it with the keys of `GET /api/auth/jwks` (RFC 9068, RFC 7517). It is
        no session token, and lives on when the session ends: keep its life short.

        Args:
            state: The event handler's `self`.
            audience: The service that it is for.
            max_age: Seconds that it lives.
            **claims: What it says beside who the user is.

        Returns:
            The token; it is a credential, so hand it to nobody but that service.

        Raises:
            NotAuthenticated: If nobody is signed in.
            ConfigurationError: If there is no key in `AUTH_SIGNING_KEYS`, or a claim has a name
                that means something else.
            StoreUnavailable: If the store can't say.
            ConnectionLost: If the socket is gone.
        """
        _, record = await self.member(state)
        return self.access_tokens.issue_token(
            record.user_id, audience=audience, max_age=max_age, claims=claims
        )

    def device(self, state: rx.State) -> Device:  # noqa: ARG002
        """Tell what the running event comes from: which browser, at which address.

        Args:
            state: The event handler's `self`.

        Returns:
            The device.

        Raises:
            ConnectionLost: If the socket is gone.
        """
        return self._caller().connection.device

    async def current_account(self, state: rx.State) -> tuple[Provider, dict[str, str]]:
        """Tell how the user of a tab signed in, to ask for the password again.

        Args:
            state: The event handler's `self`.

        Returns:
            The provider, and the field that names the account with the user's own value.

        Raises:
            NotAuthenticated: If nobody is signed in.
            UnknownProvider: If the app doesn't offer that way any more.
            StoreUnavailable: If the store can't say.
            ConnectionLost: If the socket is gone.
        """
        _, record = await self.member(state)
        provider = self.admission.provider(record.provider)
        name = getattr(provider, "account_field", "id")
        return provider, {name: str(record.user.get(name) or record.user_id)}

    async def lead(self, state: rx.State, url: str) -> None:
        """Lead the tab to a page of the app.

        Args:
            state: The event handler's `self`.
            url: Where to; another origin is not followed.

        Raises:
            CallbackFailed: If the `redirect` callback raised, or didn't return text.
            ConnectionLost: If the socket is gone.
        """
        session_state = await state.get_state(SessionState)
        session_state.leave_to = await self._way_to(url, self._caller().connection)

    async def revoke_others(self, state: rx.State) -> int:
        """End the user's other sessions, as after a change of password.

        Args:
            state: The event handler's `self`; its own session stays.

        Returns:
            How many there were.

        Raises:
            NotAuthenticated: If nobody is signed in.
            StoreUnavailable: If the store can't end them; those that it could end are over.
            ConnectionLost: If the socket is gone.
        """
        connection, record = await self.member(state)
        return await self.sessions.end_all(
            record.user_id, except_id=record.id, device=connection.device
        )

    async def member(
        self,
        state: rx.State,  # noqa: ARG002
    ) -> tuple[Connection, SessionRecord]:
        """Find the socket and the session behind an event; for parts of this package.

        Args:
            state: The event handler's `self`.

        Returns:
            Both, verified now.

        Raises:
            NotAuthenticated: If nobody is signed in.
            StoreUnavailable: If the store can't say.
            ConnectionLost: If the socket is gone.
        """
        caller = self._caller()
        record = await self.live.record_of(caller)
        if record is None:
            raise NotAuthenticated
        return caller.connection, record

    def current(self, state: rx.State) -> Session | None:  # noqa: ARG002
        """Read the session that the running event started with, at once, as last verified.

        The session was verified when the event began, and whenever it has changed since. Use it
        in helpers that aren't async, and in computed values; `await auth(self)` asks the store.

        Args:
            state: The event handler's `self`.

        Returns:
            The session, or None outside of events, without a session, and once it has ended.
        """
        caller = current_caller()
        if caller is None or caller.sid is None or not caller.is_valid:
            return None
        session = caller.connection.session
        return session if session and session.expires.timestamp() > self.clock() else None

    async def sessions_of(self, user_id: str, *, history: bool = False) -> list[ActiveSession]:
        """List a user's active sessions, as for a page about devices.

        Args:
            user_id: The user's id.
            history: Whether to read each session's latest changes, too.

        Returns:
            The sessions, newest first. `auth.current(self).id` tells which one is the event's own.

        Raises:
            StoreUnavailable: If the store can't be reached.
        """
        if history:
            records = await self.sessions.list_with_history(user_id)
        else:
            records = [(record, []) for record in await self.sessions.list_by_user(user_id)]
        tabs = await self._installed.open_tabs.of(user_id) if self._installation else {}
        return [
            ActiveSession.of(record, tabs=tuple(tabs.get(record.id, ())), history=tuple(entries))
            for record, entries in records
        ]

    def session_behind(self, state: BaseState) -> Session | None:
        """Find the session of who sees a tab, at once, as it was last verified.

        Args:
            state: A state of the tab.

        Returns:
            The session, or None if nobody is signed in.
        """
        return self.live.viewer(state) if self._installation else None

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
        self.page_rules = self.rules_for(page_rules(app), routes_of(app))
        self.page_rules.check()
        self._installation = Installation(
            app, self, self.guards, site=site, also=also, allow_eval=allow_eval
        )

    @property
    def _installed(self) -> Installation:
        if self._installation is None:
            raise ConfigurationError(
                "These sessions are not installed. Name them to SessionsPlugin in rxconfig.py."
            )
        return self._installation

    async def _way_to(self, url: str, connection: Connection) -> str:
        """Find the way to a page; in development another origin than the socket's serves it."""
        return connection.path_of(await self.redirect(url, connection.base_url))

    async def _lead_on(
        self, state: BaseState, connection: Connection, record: SessionRecord
    ) -> None:
        """Lead a tab whose session has just ended to the provider, if there is something to do."""
        session_state = await state.get_state(SessionState)
        wanted = session_state.leave_to or connection.address
        callback_url = connection.base_url + wanted
        way = await self._installed.sign_out.provider_logout_url(
            record, connection.base_url, callback_url
        )
        if way is not None:
            connection.post_logout_url = session_state.leave_to = way

    async def _authorize(
        self, connection: Connection, provider: str, credentials: Mapping[str, Any]
    ) -> Granted:
        return await self.admission.authorize(
            provider,
            credentials,
            device=connection.device,
            has_left=lambda: not connection.is_open,
        )

    def _caller(self) -> Caller:
        """Find the caller of the running event, who still has what the event started with."""
        caller = current_caller()
        if caller is None:
            raise ConnectionLost
        if not caller.is_valid:
            raise NotAuthenticated
        return caller


_installed: list[Auth] = []


def current_auth_or_none() -> Auth | None:
    """Find the sessions of the app in this process, or None if it has none (yet)."""
    return _installed[0] if _installed else None


def remember(auth: Auth) -> None:
    """Remember an app's sessions, so that the package's own event handlers find them."""
    _installed[:] = [auth]


def withheld(state: BaseState, is_sent: Callable[[str], bool]) -> Iterator[str]:
    """List the vars that are being sent to a tab whose session may not see them."""
    auth = current_auth_or_none()
    rules = auth.guards.of_vars(type(state)) if auth else {}
    if auth is None or not rules:
        return
    session = auth.session_behind(state)
    for name, rule in rules.items():
        if is_sent(name) and not rule.allows(session, auth.clock):
            yield name
