"""`auth`: an app's sessions, as its event handlers and pages see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Unpack, cast
from urllib.parse import urljoin

import reflex as rx
from starlette.requests import HTTPConnection

from ..core.audit import AuditEvent
from ..core.awaiting import must_await
from ..core.errors import (
    AuthError,
    ImpersonationRejected,
    NotAuthenticated,
    StoreUnavailable,
    TooManyRegistrations,
)
from ..core.one_time import LoginTicket
from ..core.options import DAY
from ..core.rate_limit import work_for
from ..core.schema import U, User
from ..core.session import Session
from ..core.settings import Settings
from ..engine import AuthOptions
from ..http.context import actor_return_url
from ..http.operator import is_direct
from ..http.own_routes import request_of
from ..http.sockets.caller import current_caller, require_caller
from ..login import Provider
from ..providers.credentials import Credentials
from .compat import root_state
from .dependencies import CurrentSession, RequiredSession
from .install import ReflexEngine
from .installed import installed
from .protected import keeps_secret, require_plugin
from .senders import Caller, Senders
from .tabs.state import SessionState
from .user_sessions import UserSessions


class Auth(Senders, UserSessions[U]):
    """The sessions of a Reflex app (Auth.js: `NextAuth(config)`).

    Make one, hand it to `SessionsPlugin`, and use it in event handlers::

        session = await auth(self)
        await auth.update(self, name="Serverserver-man")

    `state` is always the event handler's `self`, and `caller` that or a request, a WebSocket or an
    ASGI scope of the app's own routes. A method that takes one acts for the session that the event
    or request started with. Outside of events `self` raises `ConnectionLost`. A method that needs
    a session raises `NotAuthenticated` if there is none. The others work anywhere in the server.

    All errors are `AuthError`s, with a message for people and a code for programs. An `AuthError`
    of a callback is passed on; any other is logged, and becomes `CallbackFailed`. Methods that
    read or write sessions raise `StoreUnavailable` if the store can't be reached.

    Attributes:
        current: Reads the session of the running event or request without `await`:
            `auth.current()`, or `Depends(auth.current)` in FastAPI; None if there is none. It was
            verified when the event or request began, and in events again with every change that
            this worker has received. Use it in helpers that aren't async.
        required: `Depends(auth.required)` in FastAPI: the session, verified now, or 401.
        commands: What the operator can run by the command line `authdemo`:
            `auth.commands.add("orders.close", close)`.
        engine: The parts behind it, for extensions and tests. They change without notice.
    """

    def __init__(self, **options: Unpack[AuthOptions[U]]) -> None:
        """Configure sessions.

        Args:
            providers: The ways to sign in.
            callbacks: The app's decisions.
            events: The app's listeners.
            pages: The app's own pages.
            session: How long sessions live; the environment decides by default.
            cookies: The attributes and names of the cookies.
            user: The fields of a user.
            update: The fields that a client may change.
            find_user: Finds a user by id, where the app keeps its users; `refresh` asks it.
            save_user: Saves fields of a user where the app keeps its users: what the profile form
                sends (`use_profile`, `POST /api/auth/user`). All sessions of the user follow. If
                it raises, nothing changes.
            second_factor: Says who has to enter a code to sign in, and whether it is right.
            proofs: Functions that make further ways to confirm who one is, such as
                `passkey_confirm_button`, for the dialog and the page that ask for it.
            protect_all: Whether all pages, event handlers, vars, own routes and WebSockets that
                aren't marked as public are for members only.
            csrf_exempt: The own routes, like "/hooks/stripe", that accept any site's requests.
            locales: The folder with the app's texts, a file for each language.
            name: The app's name, in the token's `iss` and `aud`.
            settings: The operator's settings; the environment by default.
            store: Where sessions are kept; follows from the settings by default.
            clock: The clock.

        Raises:
            ConfigurationError: If something doesn't fit; says what to do.
        """
        require_plugin()
        if options.get("settings") is None:
            options["settings"] = Settings.from_environ(keep_secret=keeps_secret())
        super().__init__(ReflexEngine(**options))
        self.commands = self.engine.commands
        self.current: CurrentSession[U] = CurrentSession(self.engine)
        self.required: RequiredSession[U] = RequiredSession(self.engine)

    @property
    def providers(self) -> Mapping[str, Provider]:
        """The ways to sign in, by id."""
        return self.engine.providers

    @staticmethod
    def is_local(request: HTTPConnection) -> bool:
        """Tell whether a program on this machine sends a request, no browser and no proxy."""
        return is_direct(request.scope)

    @staticmethod
    def installed() -> Auth[Any]:
        """Find the sessions of the running app, for packages that add components to any app.

        Raises:
            ConfigurationError: If the app has no sessions.
        """
        return cast("Auth[Any]", installed())

    @must_await
    async def __call__(self, caller: Caller) -> Session[U] | None:
        """Read the session that the event or request started with (Auth.js: `auth()`).

        The session is verified now, whatever the tab shows. All that the event starts or chains,
        such as a background task, keeps this session, and never gets another one.

        Returns:
            The session, or None if nobody is signed in or the session has ended.
        """
        record = await self.engine.find_record(caller)
        return self._session(record) if record else None

    @must_await
    async def update(self, caller: Caller, /, **fields: object) -> Session[U]:
        """Update the session from the server (Auth.js: `unstable_update`).

        Every tab shows it at once. The cookie is set by the response to a request; after an event,
        and on a WebSocket, it follows at the browser's next read.

        Args:
            **fields: The fields to change; the server may change all but `id`.

        Raises:
            NotAuthenticated: If nobody is signed in, or the `jwt` callback ends the session.
            UpdateRejected: If a value is invalid, or too large for a token; names the field.
            ImmutableStateError: In a background task, outside of `async with self`.
        """
        if request := request_of(caller):
            return self._session(await request.update(fields))
        event, state = require_caller(), cast("rx.State", caller)
        if event.sid is None:
            raise NotAuthenticated
        session_state = await state.get_state(SessionState)  # before anything is stored
        result = await self.engine.sessions.update(
            event.sid, fields, author="server", device=event.connection.device
        )
        await self.engine.installation.tab_sync.sync(state, event)
        session_state.cookie_version = result.record.version
        if not result.is_new:
            session_state.unchanged += 1
        return self._session(result.record)

    @must_await
    async def sign_in(
        self,
        state: rx.State,
        credentials: Mapping[str, object],
        *,
        provider: str = "credentials",
        callback_url: str = "/",
        remember: bool = True,
    ) -> None:
        """Sign in over the socket (Auth.js: `signIn`).

        The tab gets a ticket, exchanges it for the cookie and goes to `callback_url`, on the app's
        own origin. Without `remember` the cookie ends with the browser, and the session after
        `SessionOptions(browser_age=...)`.

        Raises:
            SignInError: If the sign-in fails; its message is for the user.
        """
        connection = require_caller().connection
        granted = await self.engine.authorize(connection, provider, credentials)
        session_state = await state.get_state(SessionState)
        if granted.redirect_to is not None:
            session_state.redirect_url = await self.engine.path_of(granted.redirect_to, connection)
            return
        ticket = replace(granted, is_remembered=remember).suspend(
            LoginTicket,
            self.engine.sessions.schema,
            callback_url=callback_url,
            browser=connection.browser,
        )
        session_state.ticket = await self.engine.tickets.put(ticket)

    @must_await
    async def sign_out(self, caller: Caller, *, to: str | None = None) -> str:
        """End the session (Auth.js: `signOut`); all its tabs leave the protected pages.

        This tab then goes to `to`, on the app's own origin (Auth.js: `redirectTo`), or where the
        handler's `rx.redirect` leads. The response to a request clears the cookie.

        Returns:
            Where to go now: the provider, if the user has to sign out there, too, or `to`. An
            endpoint redirects there; a tab goes by itself.

        Raises:
            StoreUnavailable: If the store can't be reached: show that to the user.
        """
        event, parts = current_caller(), self.engine.installation
        if request := request_of(caller):
            record = await request.sign_out()
            return (await parts.sign_out.next_urls(request.context, record, to or ""))[1]
        record = await parts.isolation.find_record(event)
        if event is None or not event.is_valid:
            return ""
        connection = event.connection
        if record is not None:
            connection.post_logout_url = await self.engine.path_of(to, connection) if to else ""
            await self.engine.sessions.end(record.id, "signed-out", device=connection.device)
        tab = root_state(cast("rx.State", caller))  # which that is no part of if it is shared
        await parts.tab_sync.sync(tab, event)
        wanted = await parts.tab_sync.redirect_for(connection, None) or connection.address
        if record is None:
            return wanted
        url = await parts.sign_out.provider_logout_url(
            record, connection.base_url, urljoin(connection.origin or connection.base_url, wanted)
        )  # if the user has to sign out at the provider, too
        connection.post_logout_url = url or connection.post_logout_url
        return url or wanted

    @must_await
    async def impersonate(
        self, state: rx.State, user_id: str, *, reason: str, callback_url: str = "/"
    ) -> None:
        """Act as a user, for an hour at most, in a session that the user sees and can end.

        `Callbacks(impersonate=...)` decides who may. All tabs of this browser follow. What needs a
        fresh proof or a second factor stays closed, and so do tokens. When the session ends, the
        browser has the administrator's own session again, without which the other ends, too.

        Args:
            reason: Why, for the user and the audit trail; at most 200 characters.
            callback_url: Where this tab goes then, on the app's own origin.

        Raises:
            ImpersonationRejected: If the administrator may not; its `reason` says why.
        """
        record, connection = await self.engine.require_record(state), require_caller().connection
        started_at = self.engine.clock()
        try:
            user, why = await self.engine.impersonations.check(record, user_id, reason)
        except ImpersonationRejected as error:
            self.audit(state, error)
            raise
        (await state.get_state(SessionState)).ticket = await self.engine.tickets.put(
            LoginTicket(
                user=self.engine.sessions.schema.adopt(user, {}),
                account={},
                started_at=started_at,
                callback_url=callback_url,
                browser=connection.browser,
                reason=why,
                actor_sid=record.id,
            )
        )

    @must_await
    async def stop_impersonating(self, state: rx.State, *, to: str = "") -> None:
        """Return to the administrator's own session; without an impersonation nothing happens.

        This tab then shows `to`, on the app's own origin; the others show what they did.
        """
        record, caller = await self.engine.require_record(state), require_caller()
        if record.actor is None:
            return
        connection, parts = caller.connection, self.engine.installation
        wanted = await self.engine.path_of(to, connection) if to else connection.address
        connection.post_logout_url = actor_return_url(connection.base_url, wanted)
        await self.engine.sessions.end(record.id, "stopped", device=connection.device)
        await parts.tab_sync.sync(root_state(state), caller)

    @must_await
    async def confirm(
        self,
        state: rx.State,
        credentials: Mapping[str, object],
        *,
        provider: str = "credentials",
    ) -> Session[U]:
        """Reauthenticate the user before a sensitive action.

        The session is then fresh, as `protected(fresh=...)` requires, and gains the methods of the
        proof, as `protected(level=2)` requires. Failures count against the limit of sign-ins.

        Args:
            credentials: What `provider` authorizes. With `Auth(second_factor=...)`, the `code`
                alone proves the second factor.

        Raises:
            SignInError: If the credentials are wrong or another user's, or the `sign_in` callback
                rejects or redirects the user.
        """
        record, caller = await self.engine.require_record(state), require_caller()
        record.check_no_actor()
        amr = await self.engine.prove(record, caller.connection, provider, credentials)
        return await self.add_methods(state, *amr)

    @must_await
    async def add_methods(self, state: rx.State, *amr: str) -> Session[U]:
        """Reauthenticate the user by methods (RFC 8176) that the app itself has just verified."""
        record, caller = await self.engine.require_record(state), require_caller()
        record.check_no_actor()
        record = await self.engine.sessions.reauthenticate(
            record.id, amr=amr, device=caller.connection.device
        )
        await self.engine.installation.tab_sync.sync(state, caller)
        (await state.get_state(SessionState)).cookie_version = record.version
        return self._session(record)

    @must_await
    async def issue_token(
        self, user: U, *, name: str, scopes: Collection[str] = (), max_age: int = 90 * DAY
    ) -> str:
        """Issue a bearer token, by which a program is the user in the app's own routes.

        It begins a session, which the user sees by name and can end, and which no use extends.

        Args:
            user: The user, such as `session.user`.
            name: What the user calls the program.
            scopes: What it may do, for `protected(scopes=...)`.
            max_age: Seconds until it expires, at most 400 days.

        Raises:
            UpdateRejected: If the name is invalid.
            ConfigurationError: If a scope or the age is invalid.
        """
        session, device = self.current(), self.engine.current_device()
        if session is not None and session.actor is not None:
            raise ImpersonationRejected
        return await self.engine.bearer_tokens.issue(
            user, name=name, scopes=scopes, max_age=max_age, device=device
        )

    @must_await
    async def token_for(
        self, caller: Caller, /, *, audience: str, max_age: int = 300, **claims: object
    ) -> str:
        """Issue an access token for another service, the `audience` (RFC 9068).

        The service verifies it with the keys of `GET /api/auth/jwks`. The token is a credential
        for `max_age` seconds, also after the session has ended: keep its life short.

        Raises:
            ConfigurationError: If `AUTH_SIGNING_KEYS` has no key, or a claim's name is reserved.
        """
        record = await self.engine.require_record(caller)
        record.check_no_actor()
        return self.engine.access_tokens.issue_token(
            record.user_id, audience=audience, max_age=max_age, claims=claims
        )

    @must_await
    async def provider_token(self, caller: Caller, provider: str) -> str:
        """Return a valid access token for the API of the provider that the user signed in with.

        An expired one is refreshed, once for all tabs and workers. It needs
        `OpenIDConnect(..., store_tokens=True)`, and is a credential: keep it on the server.

        Raises:
            ProviderTokenUnavailable: If the user has to sign in there again, or the provider can't
                be reached; its `reason` says which.
        """
        record = await self.engine.require_record(caller)
        record.check_no_actor()
        return await self.engine.provider_tokens.get(record, self.engine.logins.provider(provider))

    @must_await
    async def register(self, state: rx.State, create: Callable[[], Awaitable[User]]) -> User:
        """Have an account created, under the limit for its network and with an audit event.

        `create` creates the account, and returns its user.

        Raises:
            TooManyRegistrations: If too many were tried from the visitor's network.
            AuthError: If `create` raises it; it is audited as a rejection.
            ConnectionLost: If the socket is gone.
        """
        address = self.device(state).ip
        try:
            if wait := await self.engine.register_limit.take(address):
                raise TooManyRegistrations(retry_after=wait)
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
        """Add an event of the app's own, or an error as a rejection, to the audit trail."""
        device, trail = self.device(state), self.engine.trail
        if isinstance(event, AuthError):
            trail.add_rejection(event, path=state.router.url.path or "/", device=device)
        else:
            trail.add(event, device=device)

    @must_await
    async def session_token(self, state: rx.State) -> str:
        """Issue the session's token, as the browser's cookie holds it (Auth.js: `getToken`, raw).

        It is a credential, so keep it on the server.
        """
        record = await self.engine.require_record(state)
        return self.engine.sessions.serializers.issue_token(record)

    @must_await
    async def current_account(self, state: rx.State) -> tuple[Provider, dict[str, str]]:
        """Find out how the user signed in, to ask for the password again.

        Returns:
            The provider, and the field that names the account with the user's own value.

        Raises:
            UnknownProvider: If the app doesn't have that provider any more.
            ImpersonationRejected: If an administrator acts as the user.
        """
        record = await self.engine.require_record(state)
        record.check_no_actor()
        provider = self.engine.logins.provider(record.provider)
        ways = (each for each in self.providers.values() if isinstance(each, Credentials))
        if isinstance(provider, Credentials) and "password" not in provider.fields:
            provider = next((each for each in ways if "password" in each.fields), provider)
        name = getattr(provider, "account_field", "id")
        return provider, {name: str(record.user.get(name) or record.user_id)}

    @must_await
    async def redirect_to(self, state: rx.State, url: str) -> None:
        """Send the tab to a page of the app's own origin."""
        session_state = await state.get_state(SessionState)
        session_state.redirect_url = await self.engine.path_of(url, require_caller().connection)

    @must_await
    async def revoke_others(self, caller: Caller) -> int:
        """End the user's other sessions, as after a change of password; return their number.

        Raises:
            StoreUnavailable: If the store can't be reached; some sessions may have ended.
        """
        record = await self.engine.require_record(caller)
        record.check_no_actor()
        return await self.engine.sessions.end_all(
            record.user_id, except_id=record.id, device=self.device(caller)
        )

    @must_await
    async def rename_session(self, caller: Caller, session_id: str, name: str) -> None:
        """Name one of the user's sessions, such as a device, for `sessions_of`.

        Args:
            session_id: Its public id.
            name: 1 to 64 characters, or empty for none.

        Raises:
            NotFound: If the user has no such session.
            UpdateRejected: If the name is invalid.
            ImpersonationRejected: If an administrator acts as the user.
        """
        await self.engine.users.rename_session(
            await self.engine.require_record(caller), session_id, name, device=self.device(caller)
        )

    @must_await
    async def require_session(self, caller: Caller) -> Session[U]:
        """Read the session, as `await auth(self)` does, where there must be one.

        Raises:
            NotAuthenticated: If nobody is signed in.
        """
        return self._session(await self.engine.require_record(caller))
