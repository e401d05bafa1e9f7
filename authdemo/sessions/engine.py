"""The parts of `Auth` that know no web framework."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlencode

from .core import callbacks as cb
from .core.arguments import check_function, check_kind, check_subclass, shown
from .core.audit import AuditTrail
from .core.callbacks import Callbacks
from .core.errors import ConfigurationError, NotAuthenticated
from .core.events import Events, Notice
from .core.locales import Locales
from .core.one_time import LoginTicket, OneTimeStore
from .core.rate_limit import AddressLimit, FailureLimit, UpdateLimit
from .core.record import SessionRecord
from .core.rules import MEMBERS, PageRules, Rule
from .core.schema import UserSchema
from .core.serializers import Serializers
from .core.session import Session, SessionChange
from .core.sessions import SessionService
from .core.settings import Pages, SessionOptions, Settings
from .core.store import SessionStore
from .core.tokens import AccessTokens, TokenCodec
from .core.users import User, UserUpdate
from .core.utils import Clock, public_id, system_clock
from .login import Admission, Provider
from .providers.base import RedirectProvider
from .providers.credentials import Credentials
from .stores import create_backends

logger = logging.getLogger("authdemo.sessions")

_KINDS: dict[str, tuple[type, str]] = {
    "callbacks": (Callbacks, "Callbacks(...)"),
    "events": (Events, "Events(...)"),
    "pages": (Pages, "Pages(...)"),
    "session": (SessionOptions, "SessionOptions(...)"),
    "settings": (Settings, "Settings(...)"),
    "locales": (Path, "the Path of a folder"),
    "name": (str, "text"),
}


def check_choices(**choices: object) -> None:
    """Check what kind of thing each choice is."""
    for name, value in choices.items():
        kind, takes = _KINDS[name]
        if value is not None:
            check_kind(f"Auth({name}=...)", value, kind, takes)


def check_providers(providers: Sequence[Any]) -> None:
    """Check that there are providers, each with an id of its own."""
    takes = "Auth(providers=...) takes a list of providers, like [Credentials(authorize=...)]"
    if isinstance(providers, str) or not isinstance(providers, Sequence):
        raise ConfigurationError(f"{takes}, not {shown(providers)}.")
    for provider in providers:
        if not isinstance(provider, Credentials | RedirectProvider):
            raise ConfigurationError(f"{takes}; {shown(provider)} is none.")
    if not providers:
        raise ConfigurationError("Auth needs at least one provider.")
    if len({provider.id for provider in providers}) < len(providers):
        raise ConfigurationError("Two providers have the same id. Give each an id of its own.")


def check_users(
    user: type[User], update: type[UserUpdate], find_user: Callable[..., Any] | None
) -> None:
    """Check that the models of a user fit together, and that users can be looked up."""
    check_subclass("Auth(user=...)", user, User)
    check_subclass("Auth(update=...)", update, UserUpdate)
    check_function("Auth(find_user=...)", find_user, "user_id", optional=True)
    unknown = sorted(update.model_fields.keys() - user.model_fields.keys())
    if unknown:
        raise ConfigurationError(
            f"Auth(update={update.__name__}) opens fields to clients that {user.__name__} doesn't "
            f"have: {', '.join(unknown)}. Add them to {user.__name__}, or take them out."
        )


FindUser: TypeAlias = Callable[..., User | None | Awaitable[User | None]]


class AuthCore:
    """The configuration of an app's sessions, and the parts that follow from it.

    Attributes:
        settings: What the operator decided.
        sessions: The transitions.
        trail: The audit trail.
        update_limit: How fast clients may update.
        register_limit: How many registrations may be tried from one address.
        relay: Joins this worker with the others.
        presence: Knows the tabs that are open on the others.
        admission: Decides who may come in.
        tickets: Sign-in tickets for sockets.
        access_tokens: Makes tokens for other services.
        callbacks: The app's decisions.
        events: The app's listeners.
        pages: The app's own pages.
        page_rules: Which pages are for whom.
        protect_all: Whether what isn't marked as public is for members only.
        clock: The clock; a test may put another in its place.
        locales: The texts that visitors read.
        providers: The ways to sign in, by id.
    """

    def __init__(
        self,
        *,
        providers: Sequence[Provider],
        callbacks: Callbacks | None = None,
        events: Events | None = None,
        pages: Pages | None = None,
        session: SessionOptions | None = None,
        user: type[User] = User,
        update: type[UserUpdate] = UserUpdate,
        find_user: FindUser | None = None,
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
            ConfigurationError: If something doesn't fit; says what to do.
        """
        check_choices(
            callbacks=callbacks,
            events=events,
            pages=pages,
            session=session,
            settings=settings,
            locales=locales,
            name=name,
        )
        check_providers(providers)
        check_users(user, update, find_user)
        self.settings = settings or Settings.from_environ()
        self.callbacks = callbacks or Callbacks()
        self.events = events or Events()
        self.pages = pages or Pages()
        self.protect_all = protect_all
        self.page_rules = self.rules_for({})
        self.clock = clock
        self.locales = Locales(locales)
        self.providers = {provider.id: provider for provider in providers}
        for provider in self.providers.values():
            if isinstance(provider, RedirectProvider):
                provider.use_clock(self.now)
        backends = create_backends(self.settings, name, store)
        store, self.relay, self.presence = backends.store, backends.relay, backends.presence
        options = session or self.settings.session
        self.trail = AuditTrail(self.events.audit, clock=self.now)
        schema = UserSchema(user, update)
        tokens = TokenCodec(
            self.settings.keys, issuer=name, max_age=options.max_age, clock=self.now
        )
        self.sessions = SessionService(
            store=store,
            serializers=Serializers(
                tokens=tokens, schema=schema, callbacks=self.callbacks, clock=self.now
            ),
            schema=schema,
            options=options,
            events=self.events,
            trail=self.trail,
            clock=self.now,
        )
        self.tickets = OneTimeStore(LoginTicket, store, clock=self.now)
        self.access_tokens = AccessTokens(
            self.settings.keys, issuer=self.settings.url or name, client=name, clock=self.now
        )
        self.update_limit = UpdateLimit(self.settings.update_rate, clock=self.now)
        self.register_limit = AddressLimit(
            store, self.settings.register_rate, "registrations", clock=self.now
        )
        self._find_user = find_user
        failures = FailureLimit(store, self.settings.login_rate, clock=self.now)
        self.admission = Admission(
            self.providers, self.callbacks, schema, self.trail, failures, clock=self.now
        )

    def now(self) -> float:
        """Tell the time, by the clock that is there now."""
        return self.clock()

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
        if self._find_user is None:
            raise ConfigurationError("auth.refresh needs Auth(find_user=...), to look users up.")
        user = await cb.call("find_user", partial(self._find_user, user_id))
        if user is None:
            await self.revoke_user(user_id)
            return
        found = cb.check_type("find_user", user, User)
        await self.sessions.refresh(self.sessions.schema.fitting("find_user", found))

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
        for record in await self.sessions.list_by_user(user_id):
            with suppress(NotAuthenticated):  # it has just ended by itself
                await self.sessions.update(record.id, fields, author="server", extend=False)
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
        return await self.sessions.end_all(user_id)

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

        return self.sessions.feed.subscribe(hear)

    async def redirect(self, url: str | None, base_url: str) -> str:
        """Decide where to go after signing in or out.

        Args:
            url: Where somebody wants to go, or None.
            base_url: The app's origin.

        Returns:
            An absolute URL.

        Raises:
            CallbackFailed: If the `redirect` callback raised, or didn't return text.
        """
        return await self.callbacks.ask_redirect(url or base_url, base_url)

    def session(self, record: SessionRecord) -> Session:
        """Show a session to the app's own code.

        Args:
            record: The session, verified now.

        Returns:
            The session, with the user as the app's own type.
        """
        return Session(
            id=public_id(record.id),
            user=self.sessions.schema.read(record.user),
            expires=datetime.fromtimestamp(record.expires_at, UTC),
            rev=record.rev,
            claims=record.own_claims(),
            authenticated_at=datetime.fromtimestamp(_authenticated_at(record), UTC),
        )

    def rules_for(
        self, marked: Mapping[str, Rule | None], routes: Collection[str] = ()
    ) -> PageRules:
        """Put the rules for pages together.

        Args:
            marked: The rules of the pages that are marked, by route.
            routes: All routes of the app.

        Returns:
            The rules. The sign-in page is for everybody, and the one that asks for the
            password again for members.
        """
        named = dict.fromkeys(self.pages.protected, MEMBERS)
        own = {self.pages.sign_in: None, self.pages.confirm: MEMBERS, "404": None}
        otherwise = MEMBERS if self.protect_all else None
        return PageRules({**named, **marked, **own}, routes, otherwise=otherwise)

    def confirm_url(self, wanted: str) -> str:
        """Find the page that asks a member for the password again.

        Args:
            wanted: Where to go afterwards.

        Returns:
            The address, without an origin.
        """
        return _with_query(self.pages.confirm, callbackUrl=wanted)

    def sign_in_url(self, base_url: str = "", **query: str) -> str:
        """Find the sign-in page.

        Args:
            base_url: The app's origin; a path only without it.
            **query: What to tell the page.

        Returns:
            The address.
        """
        return _with_query(f"{base_url}{self.pages.sign_in}", **query)


def _with_query(address: str, **query: str) -> str:
    return f"{address}?{urlencode(query, safe='/')}" if query else address


def _authenticated_at(record: SessionRecord) -> float:
    """Find the last proof; a provider's answer alone, without its time, is none."""
    there = record.provider_session
    began = record.created_at if there is None else min(there.auth_time, record.created_at)
    return max(began, record.reauthenticated_at)
