"""The services of an app, without a web framework; `ReflexEngine` adds what needs Reflex."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Required, TypedDict, TypeVar, Unpack
from urllib.parse import urlencode

from .core.arguments import check_kind, check_subclass, shown
from .core.audit import AuditTrail
from .core.bearer import BearerTokens
from .core.callbacks import Callbacks
from .core.errors import ConfigurationError
from .core.events import Events, SessionChanged
from .core.impersonation import ActorReturn, Impersonations
from .core.locales import Locales
from .core.one_time import LoginTicket, OneTimeStore, OneTimeValue
from .core.operator import Commands
from .core.options import CookieOptions, Pages, SessionOptions
from .core.rate_limit import AddressLimit, FailureLimit, MailLimit, UpdateLimit
from .core.record import Change, Device, SessionRecord
from .core.rules import MEMBERS, PageRules, Rule, canonical
from .core.schema import U, User, UserSchema, UserUpdate
from .core.second_factor import SecondFactor, SecondFactorService
from .core.serializers import Serializers, copied
from .core.session import Session
from .core.sessions import SessionService
from .core.settings import Settings
from .core.store import SessionStore
from .core.tokens import AccessTokens, TokenCodec
from .core.users import FindUser, SaveUser, UserService
from .core.utils import AppClock, Clock, iso, public_id, system_clock
from .login import LoginService, Provider
from .providers.base import RedirectProvider
from .providers.credentials import Credentials
from .providers.tokens import ProviderTokens
from .stores import create_store, try_store
from .stores.pubsub import RedisRelay

Value = TypeVar("Value", bound=OneTimeValue)


class AuthOptions(TypedDict, Generic[U], total=False):
    """What an app configures; see `Auth`."""

    providers: Required[Sequence[Provider]]
    callbacks: Callbacks[U] | None
    events: Events | None
    pages: Pages | None
    session: SessionOptions | None
    cookies: CookieOptions | None
    user: type[U]
    update: type[UserUpdate]
    find_user: FindUser[U] | None
    save_user: SaveUser | None
    protect_all: bool
    csrf_exempt: Collection[str]
    second_factor: SecondFactor | None
    proofs: Sequence[Callable[[], Any]]
    locales: Path | None
    name: str
    settings: Settings | None
    store: SessionStore | None
    clock: Clock


_KINDS: dict[str, tuple[type, str]] = {
    "callbacks": (Callbacks, "Callbacks(...)"),
    "events": (Events, "Events(...)"),
    "pages": (Pages, "Pages(...)"),
    "cookies": (CookieOptions, "CookieOptions(...)"),
    "session": (SessionOptions, "SessionOptions(...)"),
    "settings": (Settings, "Settings(...)"),
    "locales": (Path, "the Path of a folder"),
    "name": (str, "text"),
}


def check_options(options: Mapping[str, Any]) -> None:
    if unknown := sorted(options.keys() - AuthOptions.__annotations__.keys()):
        raise ConfigurationError(f"Auth has no option {unknown[0]!r}.")
    for name, (kind, takes) in _KINDS.items():
        if options.get(name) is not None:
            check_kind(f"Auth({name}=...)", options[name], kind, takes)


def check_providers(providers: object) -> None:
    takes = "Auth(providers=...) takes a list of providers, like [Credentials(authorize=...)]"
    if isinstance(providers, str) or not isinstance(providers, Sequence):
        raise ConfigurationError(f"{takes}, not {shown(providers)}.")
    for provider in providers:
        if not isinstance(provider, Credentials | RedirectProvider):
            raise ConfigurationError(f"{takes}; {shown(provider)} isn't one.")
    if not providers:
        raise ConfigurationError("Auth needs at least one provider.")
    if len({provider.id for provider in providers}) < len(providers):
        raise ConfigurationError("Two providers have the same id. Give each an id of its own.")


def check_models(user: type[User], update: type[UserUpdate]) -> None:
    check_subclass("Auth(user=...)", user, User)
    check_subclass("Auth(update=...)", update, UserUpdate)
    unknown = sorted(update.model_fields.keys() - user.model_fields.keys())
    if unknown:
        raise ConfigurationError(
            f"Auth(update={update.__name__}) opens fields to clients that {user.__name__} doesn't "
            f"have: {', '.join(unknown)}. Add them to {user.__name__}, or take them out."
        )


def check_paths(paths: object) -> frozenset[str]:
    takes = 'Auth(csrf_exempt=...) takes a list of paths, like ["/hooks/stripe"]'
    if isinstance(paths, str) or not isinstance(paths, Collection):
        raise ConfigurationError(f"{takes}, not {shown(paths)}.")
    for path in paths:
        if not (isinstance(path, str) and path.startswith("/") and canonical(path) == path):
            raise ConfigurationError(f"{takes}; {shown(path)} is no path of the app.")
    return frozenset(paths)


class Engine:
    """The services of an app, as it is configured."""

    def __init__(self, **options: Unpack[AuthOptions[Any]]) -> None:
        check_options(options)
        check_providers(options.get("providers"))
        user, update = options.get("user", User), options.get("update", UserUpdate)
        check_models(user, update)
        self.settings = options.get("settings") or Settings.from_environ()
        self.callbacks = options.get("callbacks") or Callbacks()
        self.events = options.get("events") or Events()
        self.pages = options.get("pages") or Pages()
        self.cookies = options.get("cookies") or CookieOptions()
        self.cookies.check(self.settings.url)
        self.protect_all = options.get("protect_all", False)
        self.csrf_exempt = check_paths(options.get("csrf_exempt", ()))
        self.clock = AppClock(options.get("clock", system_clock))
        self.locales = Locales(options.get("locales"))
        self.providers = {provider.id: provider for provider in options["providers"]}
        name = options.get("name", "authdemo")
        store = options.get("store") or create_store(self.settings, name)
        url = self.settings.redis_url
        self.relay = RedisRelay(url, name=name, find=store.get) if url else None
        session = options.get("session") or self.settings.session
        self.trail = AuditTrail(self.events.audit, clock=self.clock)
        self.commands = Commands(self.trail)
        self.second_factor = SecondFactorService(
            options.get("second_factor"), store, self.trail, self.clock
        )
        schema = UserSchema(user, update)
        tokens = TokenCodec(
            self.settings.keys, issuer=name, max_age=session.max_age, clock=self.clock
        )
        self.sessions = SessionService(
            store=store,
            serializers=Serializers(
                tokens=tokens, schema=schema, callbacks=self.callbacks, clock=self.clock
            ),
            schema=schema,
            options=session,
            events=self.events,
            trail=self.trail,
            clock=self.clock,
        )
        self.commands.add("store.check", lambda: try_store(store, self.clock))
        self.users = UserService(self.sessions, options.get("find_user"), options.get("save_user"))
        self.bearer_tokens = BearerTokens(self.sessions)
        self.impersonations = Impersonations(self.users, self.one_time(ActorReturn))
        self.tickets = self.one_time(LoginTicket)
        self.access_tokens = AccessTokens(
            self.settings.keys, issuer=self.settings.url or name, client=name, clock=self.clock
        )
        self.update_limit = UpdateLimit(self.settings.update_rate, clock=self.clock)
        self.register_limit = AddressLimit(
            store, self.settings.register_rate, "registrations", clock=self.clock
        )
        rate, network_rate = self.settings.login_rate, self.settings.address_rate
        self.mail_limit = MailLimit.of(store, rate, network_rate, clock=self.clock)
        failures = FailureLimit(store, self.settings.login_rate, clock=self.clock)
        self.provider_tokens = ProviderTokens(self.sessions, self.settings.keys, clock=self.clock)
        self.logins = LoginService(
            self.providers,
            self.callbacks,
            schema,
            self.trail,
            failures,
            self.provider_tokens,
            self.second_factor,
            clock=self.clock,
        )
        self.page_rules = self.rules_for({})
        self.proofs = tuple(options.get("proofs", ()))

    @asynccontextmanager
    async def running(self, *, catch_up: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
        """Open the store, write the audit trail and follow other workers; see `RedisRelay`."""
        await self.sessions.store.open()
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(self.trail.lifespan())
                if relay := self.relay:
                    stack.push_async_callback(relay.close)
                    feed = self.sessions.feed
                    await stack.enter_async_context(relay.connected(feed, catch_up=catch_up))
                yield
        finally:
            await self.sessions.store.close()

    def address_limit(self, name: str) -> AddressLimit:
        """Limit what each address does, under a name; the store counts it for all workers."""
        rate, store = self.settings.address_rate, self.sessions.store
        return AddressLimit(store, rate, name, clock=self.clock)

    def one_time(self, kind: type[Value]) -> OneTimeStore[Value]:
        return OneTimeStore(kind, self.sessions.store, clock=self.clock)

    async def expire(self, record: SessionRecord, *, seconds: float, device: Device) -> None:
        """Have a session end in some seconds, unless it is extended or ends sooner."""

        def amend(record: SessionRecord) -> SessionRecord:
            now = self.clock()
            sooner = min(record.expires_at, now + seconds)
            change = {"expires": Change(old=iso(record.expires_at), new=iso(sooner))}
            return record.changed("expiry", change, at=now, device=device, expires_at=sooner)

        amended = await self.sessions.amend(record.id, amend)
        self.sessions.feed.publish(SessionChanged(amended, {}))

    async def redirect(self, url: str | None, base_url: str) -> str:
        """Ask the `redirect` callback where to go after signing in or out."""
        return await self.callbacks.ask_redirect(url or base_url, base_url)

    def session(self, record: SessionRecord) -> Session:
        """Represent a verified record for the app's own code."""
        return Session(
            id=public_id(record.id),
            user=self.sessions.schema.read(record.user),
            expires=datetime.fromtimestamp(record.expires_at, UTC),
            rev=record.rev,
            claims=copied(record.claims),
            authenticated_at=datetime.fromtimestamp(_authenticated_at(record), UTC),
            scopes=frozenset(record.bearer.scopes) if record.bearer else None,
            actor=record.actor,
            amr=record.amr,
            level=record.level,
        )

    def rules_for(
        self, marked: Mapping[str, Rule | None], routes: Collection[str] = ()
    ) -> PageRules:
        """Combine the rules of marked pages with those of the app's own pages."""
        named = dict.fromkeys(self.pages.protected, MEMBERS)
        own: dict[str, Rule | None] = {
            self.pages.sign_in: None,
            self.pages.confirm: MEMBERS,
            "404": None,
        }
        otherwise = MEMBERS if self.protect_all else None
        if self.second_factor.factor is not None:
            own[self.pages.code] = None
        return PageRules({**named, **marked, **own}, routes, otherwise=otherwise)

    def confirm_url(self, wanted: str, *, level: int = 1) -> str:
        """The path of the page that asks for another proof, as a rule needs it."""
        needed = str(level) if level > 1 else ""
        return _with_query(self.pages.confirm, callbackUrl=wanted, level=needed)

    def code_url(self, base_url: str = "", **query: str) -> str:
        """The URL of the page that asks for a code; see `sign_in_url`."""
        return _with_query(f"{base_url}{self.pages.code}", **query)

    def sign_in_url(self, base_url: str = "", **query: str) -> str:
        """The URL of the sign-in page without empty values; a path if there is no `base_url`."""
        return _with_query(f"{base_url}{self.pages.sign_in}", **query)


def _with_query(address: str, **query: str) -> str:
    known = {name: value for name, value in query.items() if value}
    return f"{address}?{urlencode(known, safe='/')}" if known else address


def _authenticated_at(record: SessionRecord) -> float:
    """When the user last authenticated; a provider that doesn't say when proves nothing."""
    if record.bearer is not None or record.actor is not None:
        return 0
    session, created_at = record.provider_session, record.created_at
    signed_in_at = created_at if session is None else min(session.auth_time, created_at)
    return max(signed_in_at, record.reauthenticated_at)
