"""`auth`: an app's sessions, as its event handlers and pages see them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Generic, cast

import reflex as rx
from reflex.state import BaseState

from ..core import callbacks as cb
from ..core.audit import AuditEvent
from ..core.callbacks import Callbacks
from ..core.errors import (
    AccessDenied,
    AuthError,
    ConfigurationError,
    CredentialsSignin,
    NotAuthenticated,
    StoreUnavailable,
    TooManyRegistrations,
)
from ..core.events import Events, Notice
from ..core.one_time import LoginTicket
from ..core.rate_limit import work_for
from ..core.record import Device, SessionRecord
from ..core.session import ActiveSession, Session, SessionChange
from ..core.settings import Pages, SessionOptions, Settings
from ..core.store import SessionStore
from ..core.users import U, User, UserUpdate
from ..core.utils import Clock, system_clock
from ..engine import FindUser
from ..http.sockets.callers import current_caller, require_caller
from ..http.sockets.connections import Connection
from ..login import Login, Provider
from .compat import root_state
from .install import Engine
from .protected import require_plugin
from .tabs.state import SessionState

logger = logging.getLogger("authdemo.sessions")


class Auth(Generic[U]):
    """The sessions of a Reflex app (Auth.js: `NextAuth(config)`).

    Make one, hand it to `SessionsPlugin`, and use it in event handlers::

        session = await auth(self)
        await auth.update(self, name="Serverserver-man")

    Whatever its methods raise is an `AuthError`, with a message for people and a code for
    programs. What a callback of yours raises as an `AuthError` comes through as it is; what else
    it raises is logged, and becomes `CallbackFailed`.

    Attributes:
        engine: The parts behind it, for extensions and tests. They change without notice.
    """

    def __init__(
        self,
        *,
        providers: Sequence[Provider],
        callbacks: Callbacks[U] | None = None,
        events: Events | None = None,
        pages: Pages | None = None,
        session: SessionOptions | None = None,
        user: type[U] = User,  # type: ignore[assignment]
        update: type[UserUpdate] = UserUpdate,
        find_user: FindUser[U] | None = None,
        protect_all: bool = False,
        locales: Path | None = None,
        name: str = "authdemo",
        settings: Settings | None = None,
        store: SessionStore | None = None,
        clock: Clock = system_clock,
    ) -> None:
        """Configure sessions.

        Args:
            providers: The ways to sign in.
            callbacks: The app's decisions.
            events: The app's listeners.
            pages: The app's own pages.
            session: How long sessions live; the environment decides by default.
            user: The fields of a user.
            update: The fields that a client may change.
            find_user: Finds a user by id, where the app keeps its users; `refresh` asks it.
            protect_all: Whether pages, event handlers and vars that aren't marked as public
                are for members only, and with them the app's own HTTP routes and WebSockets.
            locales: The folder with the app's texts, a file for each language.
            name: The app's name, in the token's `iss` and `aud`.
            settings: The operator's settings; the environment by default.
            store: Where sessions are kept; follows from the settings by default.
            clock: The clock.

        Raises:
            ConfigurationError: If something doesn't fit, or no `SessionsPlugin` would use it; says
                what to do.
        """
        require_plugin()
        self.engine = Engine(
            providers=providers,
            callbacks=callbacks,
            events=events,
            pages=pages,
            session=session,
            user=user,
            update=update,
            find_user=find_user,
            protect_all=protect_all,
            locales=locales,
            name=name,
            settings=settings,
            store=store,
            clock=clock,
        )

    @property
    def providers(self) -> Mapping[str, Provider]:
        """The ways to sign in, by id."""
        return self.engine.providers

    @staticmethod
    def installed() -> Auth[Any]:
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

    async def __call__(self, state: rx.State) -> Session[U] | None:
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
        record = await self.engine.installation.tab_sync.record_of(current_caller())
        return self._session(record) if record else None

    async def update(self, state: rx.State, /, **fields: Any) -> Session[U]:
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
        caller = require_caller()
        if caller.sid is None:
            raise NotAuthenticated
        session_state = await state.get_state(SessionState)  # before anything is stored
        result = await self.engine.sessions.update(
            caller.sid, fields, author="server", device=caller.connection.device
        )
        await self.engine.installation.tab_sync.sync(state, caller)
        session_state.cookie_version = result.record.version
        return self._session(result.record)

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
        connection = require_caller().connection
        granted = await self._authorize(connection, provider, credentials)
        session_state = await state.get_state(SessionState)
        if granted.redirect_to is not None:
            session_state.redirect_url = await self._way_to(granted.redirect_to, connection)
            return
        session_state.ticket = await self.engine.tickets.put(
            LoginTicket(
                user=self.engine.sessions.schema.adopt(granted.user, {}),
                started_at=granted.started_at,
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
        record = await self.engine.installation.tab_sync.record_of(caller)
        if caller is None or not caller.is_valid:
            return
        if record is not None:
            await self.engine.sessions.end(record.id, "signed-out", device=caller.connection.device)
        tab = root_state(state)  # which `state` is no part of afterwards if it is shared
        await self.engine.installation.tab_sync.sync(tab, caller)
        if record is not None:
            await self._lead_on(tab, caller.connection, record)

    async def confirm(
        self,
        state: rx.State,
        credentials: Mapping[str, Any],
        *,
        provider: str = "credentials",
    ) -> Session[U]:
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
        session = await self.require_session(state)
        caller = require_caller()
        granted = await self._authorize(caller.connection, provider, credentials)
        if granted.user.id != session.user.id:
            raise CredentialsSignin
        if granted.redirect_to is not None:
            raise AccessDenied
        _, record = await self.engine.require_record()
        record = await self.engine.sessions.reauthenticate(
            record.id, device=caller.connection.device
        )
        await self.engine.installation.tab_sync.sync(state, caller)
        return self._session(record)

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
        _, record = await self.engine.require_record()
        return self.engine.access_tokens.issue_token(
            record.user_id, audience=audience, max_age=max_age, claims=claims
        )

    async def register(self, state: rx.State, create: Callable[[], Awaitable[User]]) -> User:
        """Have an account created, under the limit for its network and with an audit event.

        Args:
            state: The event handler's `self`.
            create: Creates the account, and returns its user.

        Returns:
            The user.

        Raises:
            TooManyRegistrations: If too many were tried from the visitor's network.
            AuthError: If `create` raises it; it is audited as a rejection.
            ConnectionLost: If the socket is gone.
        """
        address = self.device(state).ip
        try:
            if wait := await self.engine.register_limit.take(address):
                raise TooManyRegistrations(wait)
            with work_for(address):
                user = await create()
        except StoreUnavailable:
            raise
        except AuthError as error:
            self.audit(state, error)
            raise
        self.audit(state, AuditEvent(kind="registered", user=user.id))
        return user

    def audit(self, state: rx.State, event: AuditEvent | AuthError) -> None:
        """Add an event of the app's own to the audit trail, or an error as a rejection.

        Args:
            state: The event handler's `self`.
            event: What happened; the device of the running event is added.

        Raises:
            NotAuthenticated: If the session of the running event has ended.
            ConnectionLost: If the socket is gone.
        """
        device, trail = self.device(state), self.engine.trail
        if isinstance(event, AuthError):
            trail.add_rejection(event, path=state.router.url.path or "/", device=device)
        else:
            trail.add(event, device=device)

    async def session_token(self, state: rx.State) -> str:
        """Issue the session's token, as the browser's cookie holds it (Auth.js: `getToken`, raw).

        Args:
            state: The event handler's `self`.

        Returns:
            The token; it is a credential, so keep it on the server.

        Raises:
            NotAuthenticated: If nobody is signed in.
            StoreUnavailable: If the store can't be reached.
            ConnectionLost: If the socket is gone.
        """
        _, record = await self.engine.require_record()
        return self.engine.sessions.serializers.issue_token(record)

    def origin(self, state: rx.State) -> str:
        """Find the app's origin as the browser of the running event reaches it.

        Args:
            state: The event handler's `self`.

        Returns:
            The origin, like `https://app.example`; `AUTH_URL` if it is set.

        Raises:
            ConnectionLost: If the socket is gone.
        """
        return require_caller().connection.base_url

    def device(self, state: rx.State) -> Device:
        """Tell what the running event comes from: which browser, at which address.

        Args:
            state: The event handler's `self`.

        Returns:
            The device.

        Raises:
            ConnectionLost: If the socket is gone.
        """
        return require_caller().connection.device

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
        _, record = await self.engine.require_record()
        provider = self.engine.logins.provider(record.provider)
        name = getattr(provider, "account_field", "id")
        return provider, {name: str(record.user.get(name) or record.user_id)}

    async def redirect_to(self, state: rx.State, url: str) -> None:
        """Send the tab to a page of the app.

        Args:
            state: The event handler's `self`.
            url: Where to; another origin is not followed.

        Raises:
            CallbackFailed: If the `redirect` callback raised, or didn't return text.
            ConnectionLost: If the socket is gone.
        """
        session_state = await state.get_state(SessionState)
        session_state.redirect_url = await self._way_to(url, require_caller().connection)

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
        connection, record = await self.engine.require_record()
        return await self.engine.sessions.end_all(
            record.user_id, except_id=record.id, device=connection.device
        )

    async def require_session(self, state: rx.State) -> Session[U]:
        """Read the running event's session, as `await auth(self)` does, where there must be one.

        Args:
            state: The event handler's `self`.

        Raises:
            NotAuthenticated: If nobody is signed in.
            StoreUnavailable: If the store can't be reached.
        """
        session = await self(state)
        if session is None:
            raise NotAuthenticated
        return session

    def current(self, state: rx.State) -> Session[U] | None:
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
        is_active = session is not None and session.expires.timestamp() > self.engine.clock()
        return cast("Session[U]", session) if is_active else None

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
            records = await self.engine.sessions.list_with_history(user_id)
        else:
            records = [(record, []) for record in await self.engine.sessions.list_by_user(user_id)]
        tabs = (
            await self.engine.installation.open_tabs.of(user_id) if self.engine.is_installed else {}
        )
        return [
            ActiveSession.of(record, tabs=tuple(tabs.get(record.id, ())), history=tuple(entries))
            for record, entries in records
        ]

    async def refresh(self, user_id: str) -> None:
        """Let a user's sessions follow what the app knows of the user by now.

        Call it from anywhere, such as a background task, when a role has changed: every open
        tab shows it at once, and the next event and request are judged by it. The sessions
        of a user who is gone end. Fields that clients may change stay as they are. Who is
        just signing in as the user begins again. It extends no session: nobody is there.

        Args:
            user_id: The user's id.

        Raises:
            ConfigurationError: If `Auth` was made without `find_user`.
            CallbackFailed: If a function of the app raised, or `find_user` found something else
                than a user of the app.
            UpdateRejected: If no token could carry what the app knows; names the largest field.
            StoreUnavailable: If the store can't keep it.

        If `find_user` raised, no session has changed. Anything later may come after some of the
        user's sessions have followed; they stay as they are then, and a second call does the rest.
        """
        if self.engine.find_user is None:
            raise ConfigurationError("auth.refresh needs Auth(find_user=...), to look users up.")
        user = await cb.call("find_user", partial(self.engine.find_user, user_id))
        if user is None:
            await self.revoke_user(user_id)
            return
        found = cb.check_type("find_user", user, User)
        await self.engine.sessions.refresh(
            self.engine.sessions.schema.check_user("find_user", found)
        )

    async def update_user(self, user_id: str, /, **fields: Any) -> int:
        """Update all sessions of a user from the server, wherever the code runs.

        Call it from a background task, which has no tab of its own: every open tab of the
        user follows at once. It extends no session: nobody is there. In an event handler,
        `update` changes the tab's own session.

        Args:
            user_id: The user's id.
            **fields: The fields to change; the server may change all but `id`.

        Returns:
            How many sessions there were.

        Raises:
            UpdateRejected: If a field can't be changed like that, or no token could carry it;
                names it.
            CallbackFailed: If a function of the app raised.
            StoreUnavailable: If the store can't keep it.

        One session is changed after the other. Those before the one that raised stay changed,
        and a second call does the rest.
        """
        updated = 0
        for record in await self.engine.sessions.list_by_user(user_id):
            with suppress(NotAuthenticated):  # it has just ended by itself
                await self.engine.sessions.update(record.id, fields, author="server", extend=False)
                updated += 1
        return updated

    async def revoke_user(self, user_id: str) -> int:
        """End all of a user's sessions, as an administrator may; sign-ins under way begin again.

        Args:
            user_id: The user's id.

        Returns:
            How many there were.

        Raises:
            StoreUnavailable: If the store can't be reached; those that it could end are over,
                and a second call ends the rest.
        """
        return await self.engine.sessions.end_all(user_id)

    def on_change(self, listener: Callable[[SessionChange], None]) -> Callable[[], None]:
        """Follow the changes of all sessions, those of other workers included.

        A change says what to look at, not what is so: ask `sessions_of` for that. With Redis,
        changes can be lost while it is away.

        Args:
            listener: Gets each change, in the app's event loop. It must not block; what it
                raises is logged.

        Returns:
            A function that ends it.
        """

        def hear(notice: Notice) -> None:
            change = SessionChange.of(notice)
            if change is None:
                return
            try:
                listener(change)
            except Exception:
                logger.exception("A listener of auth.on_change failed.")

        return self.engine.sessions.feed.subscribe(hear)

    async def verify_token(self, token: str) -> Session[U]:
        """Verify a session token that came another way than in the app's cookie.

        Args:
            token: The token.

        Returns:
            Its session.

        Raises:
            TokenError: If it is invalid. The error says why: never show it to the token's bearer.
            StoreUnavailable: If the store can't be reached.
        """
        return self._session((await self.engine.sessions.verify(token)).record)

    async def _way_to(self, url: str, connection: Connection) -> str:
        """Find the way to a page; in development another origin than the socket's serves it."""
        return connection.path_of(await self.engine.redirect(url, connection.base_url))

    async def _lead_on(
        self, state: BaseState, connection: Connection, record: SessionRecord
    ) -> None:
        """Lead a tab whose session has just ended to the provider, if there is something to do."""
        session_state = await state.get_state(SessionState)
        wanted = session_state.redirect_url or connection.address
        callback_url = connection.base_url + wanted
        way = await self.engine.installation.sign_out.provider_logout_url(
            record, connection.base_url, callback_url
        )
        if way is not None:
            connection.post_logout_url = session_state.redirect_url = way

    async def _authorize(
        self, connection: Connection, provider: str, credentials: Mapping[str, Any]
    ) -> Login:
        return await self.engine.logins.authorize(
            provider,
            credentials,
            device=connection.device,
            has_left=lambda: not connection.is_open,
        )

    def _session(self, record: SessionRecord) -> Session[U]:
        return cast("Session[U]", self.engine.session(record))


_installed: list[Auth[Any]] = []


def current_auth_or_none() -> Auth[Any] | None:
    """Find the sessions of the app in this process, or None if it has none (yet)."""
    return _installed[0] if _installed else None


def remember(auth: Auth[Any]) -> None:
    """Remember an app's sessions, so that the package's own event handlers find them."""
    _installed[:] = [auth]


def withheld(state: BaseState, is_sent: Callable[[str], bool]) -> Iterator[str]:
    """List the vars that are being sent to a tab whose session may not see them."""
    auth = current_auth_or_none()
    rules = auth.engine.guards.of_vars(type(state)) if auth else {}
    if auth is None or not rules:
        return
    session = auth.engine.viewer(state)
    for name, rule in rules.items():
        if is_sent(name) and not rule.allows(session, auth.engine.clock):
            yield name
