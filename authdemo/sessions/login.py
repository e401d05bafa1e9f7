"""Logins: authentication by credentials or a provider, and the app's `sign_in` callback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, asdict, dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias, TypeVar

from .core import callbacks as cb
from .core.arguments import location
from .core.audit import AuditTrail
from .core.authentication import PASSWORD, with_second_factor
from .core.callbacks import Account, Callbacks
from .core.errors import AccessDenied, CredentialsSignin, SignInError, UnknownProvider
from .core.one_time import PendingLogin, browser_hash
from .core.rate_limit import ConcurrencyLimit, FailureLimit, work_for
from .core.record import Device, ProviderSession
from .core.schema import User, UserSchema
from .core.second_factor import SecondFactorService
from .core.text import folded
from .core.utils import Clock, system_clock
from .providers.base import Identity, RedirectProvider
from .providers.credentials import Authenticated, Credentials, Email
from .providers.tokens import ProviderTokens

Provider: TypeAlias = Credentials | RedirectProvider
Pending = TypeVar("Pending", bound=PendingLogin)

_OWN_FIELDS = ("csrfToken", "callbackUrl", "remember")
"""Fields of a sign-in form that are no credentials."""


@dataclass(frozen=True, slots=True)
class Login:
    """An authenticated and authorized user, whose session can begin."""

    user: User
    account: Account
    started_at: float
    redirect_to: str | None = None
    provider_session: ProviderSession | None = None
    amr: tuple[str, ...] = ()
    is_remembered: bool = True

    def suspend(
        self, kind: type[Pending], schema: UserSchema, *, callback_url: str, browser: str
    ) -> Pending:
        """Make what is kept until another request begins the session."""
        return kind(
            user=schema.adopt(self.user, {}),
            account=asdict(self.account),
            started_at=self.started_at,
            callback_url=callback_url,
            browser=browser,
            amr=self.amr,
            provider_session=self.provider_session,
            is_remembered=self.is_remembered,
        )

    @classmethod
    def resume(cls, pending: PendingLogin, schema: UserSchema) -> Login:
        """Go on with a sign-in; another version of the app may have kept it."""
        return cls(
            schema.read_older(pending.user),
            Account(**pending.account),
            pending.started_at,
            provider_session=pending.provider_session,
            amr=pending.amr,
            is_remembered=pending.is_remembered,
        )


@dataclass(frozen=True, eq=False)
class LoginService:
    """Authenticates users, and asks the app whether they may sign in."""

    providers: Mapping[str, Provider]
    callbacks: Callbacks
    schema: UserSchema
    trail: AuditTrail
    failures: FailureLimit
    tokens: ProviderTokens
    second_factor: SecondFactorService
    _: KW_ONLY
    clock: Clock = system_clock
    _concurrency: ConcurrencyLimit = field(default_factory=ConcurrencyLimit, init=False)

    def provider(self, provider_id: str) -> Provider:
        provider = self.providers.get(provider_id)
        if provider is None:
            raise UnknownProvider(f"There is no provider {provider_id[:64]!r}.")
        return provider

    async def authorize(
        self,
        provider_id: str,
        credentials: Mapping[str, Any],
        *,
        device: Device,
        browser: str = "",
        has_left: Callable[[], bool] = lambda: False,
    ) -> Login:
        started_at, provider = self.clock(), self.providers.get(provider_id)
        account_id = ""
        if isinstance(provider, Credentials) and isinstance(credentials, Mapping):
            credentials = {k: v for k, v in credentials.items() if k not in _OWN_FIELDS}
            typed = credentials.get(provider.account_field)
            if isinstance(typed, str):  # for the app and for the limit
                credentials = {**credentials, provider.account_field: typed.strip()}
            account_id = str(credentials.get(provider.account_field, ""))[:256]
            if isinstance(provider, Email):
                credentials = {**credentials, "browser": browser_hash(browser) if browser else ""}
        try:
            provider = self.provider(provider_id)
            if not isinstance(provider, Credentials):
                raise UnknownProvider(f"The provider {provider_id!r} takes no credentials.")
            with self._concurrency.sign_in(device.ip), work_for(device.ip, has_left):
                # Folded, so that no spelling of the account's name allows more attempts.
                async with self.failures.sign_in(folded(account_id), device.ip):
                    user, amr = await self._authenticate(provider, credentials)
            account = Account(provider.id, provider.type)
            url = await self._ask(user, account, credentials)
        except SignInError as error:
            names = {"provider": provider_id[:64], "user": account_id[:64]}
            self.trail.add_failure("sign-in-failed", error, device=device, **names)
            raise
        amr = await self._add_code(user, amr, credentials, device, provider.id)
        return Login(user, account, started_at, url, amr=amr)

    async def _add_code(
        self,
        user: User,
        amr: tuple[str, ...],
        credentials: Mapping[str, Any],
        device: Device,
        provider: str,
    ) -> tuple[str, ...]:
        """Check a code that came with right credentials, if there has to be one."""
        if "code" not in credentials or not await self.second_factor.is_missing(user.id, amr):
            return amr
        code = credentials["code"]
        methods = await self.second_factor.verify(user.id, code, device=device, provider=provider)
        return with_second_factor(amr, methods)

    async def accept(
        self,
        provider: RedirectProvider,
        identity: Identity,
        *,
        started_at: float,
        current: User | None,
    ) -> Login:
        """Accept an identity that a provider has verified; `current` is the signed-in user."""
        linked = replace(identity, linked_user=current, tokens=None)
        answer = await cb.call("user", partial(provider.user, linked))
        if not answer:
            raise AccessDenied
        user = self._user("user", answer)
        account = Account(provider.id, provider.type, identity.subject, identity.claims)
        session = identity.session or ProviderSession(subject=identity.subject)
        if identity.tokens is not None:
            session = self.tokens.add_to(session, provider.id, identity.tokens)
        url = await self._ask(user, account, {})
        return Login(user, account, started_at, url, session, identity.amr)

    async def _authenticate(
        self, provider: Credentials, credentials: Mapping[str, Any]
    ) -> tuple[User, tuple[str, ...]]:
        if not isinstance(credentials, Mapping):
            raise CredentialsSignin
        answer = await cb.call("authorize", partial(provider.authorize, credentials))
        if not answer:
            raise CredentialsSignin
        if not isinstance(answer, Authenticated):
            answer = Authenticated(answer, PASSWORD)
        user = answer.user
        if isinstance(user, Mapping):
            user = self.schema.read_user("authorize", user, location(provider.authorize))
        return self._user("authorize", user), answer.amr

    def _user(self, name: str, answer: object) -> User:
        return self.schema.check_user(name, cb.check_type(name, answer, User))

    async def _ask(
        self, user: User, account: Account, credentials: Mapping[str, Any]
    ) -> str | None:
        """Ask `sign_in`; it may return a URL to redirect to instead."""
        answer = await self.callbacks.ask_sign_in(user, account, credentials)
        if not answer:
            raise AccessDenied
        return answer if isinstance(answer, str) else None
