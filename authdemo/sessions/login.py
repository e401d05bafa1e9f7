"""Who may come in: what somebody proves, and what the app makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

from .core import callbacks as cb
from .core.audit import AuditEvent, AuditTrail
from .core.callbacks import Account, Callbacks
from .core.errors import AccessDenied, CredentialsSignin, SignInError, UnknownProvider
from .core.rate_limit import ConcurrencyLimit, FailureLimit, work_for
from .core.record import Device, ProviderSession
from .core.schema import UserSchema
from .core.text import folded
from .core.users import User
from .core.utils import Clock, system_clock
from .providers.base import Identity, RedirectProvider
from .providers.credentials import Credentials

Provider: TypeAlias = Credentials | RedirectProvider


@dataclass(frozen=True, slots=True)
class Granted:
    """Somebody proved who they are."""

    user: User
    account: Account
    began: float
    redirect_to: str | None = None
    provider_session: ProviderSession | None = None


@dataclass(frozen=True, eq=False)
class Admission:
    """Decides who may come in."""

    providers: Mapping[str, Provider]
    callbacks: Callbacks
    schema: UserSchema
    trail: AuditTrail
    failures: FailureLimit
    _: KW_ONLY
    clock: Clock = system_clock
    _concurrency: ConcurrencyLimit = field(default_factory=ConcurrencyLimit, init=False)

    def provider(self, provider_id: str) -> Provider:
        """Find a way to sign in."""
        provider = self.providers.get(provider_id)
        if provider is None:
            raise UnknownProvider(f"There is no way to sign in called {provider_id[:64]!r}.")
        return provider

    async def authorize(
        self,
        provider_id: str,
        credentials: Mapping[str, Any],
        *,
        device: Device,
        has_left: Callable[[], bool] = lambda: False,
    ) -> Granted:
        """Find out who somebody is, and whether they may come in."""
        began = self.clock()
        credentials = _tidy(self.providers.get(provider_id), credentials)
        try:
            provider = self._credentials(provider_id)
            with self._concurrency.sign_in(device.ip), work_for(device.ip, has_left):
                user = await self._identify(provider, credentials, device.ip)
            account = Account(provider.id, provider.type)
            return Granted(user, account, began, await self._ask(user, account, credentials))
        except SignInError as error:
            known = self.providers.get(provider_id)
            tried = _account(known, credentials) if isinstance(known, Credentials) else ""
            entry = AuditEvent(
                kind="sign-in-failed",
                reason=error.code,
                provider=provider_id[:64],
                user=tried[:64],
            )
            self.trail.add(entry, device=device)
            raise

    async def admit(
        self, provider: RedirectProvider, identity: Identity, *, began: float, member: User | None
    ) -> Granted:
        """Decide whether somebody whom a provider vouches for may come in."""
        known = replace(identity, linked_user=member)
        answer = await cb.call("user", partial(provider.user, known))
        if not answer:
            raise AccessDenied
        user = self._user("user", answer)
        account = Account(provider.id, provider.type, identity.subject, identity.claims)
        there = identity.session or ProviderSession(subject=identity.subject)
        return Granted(user, account, began, await self._ask(user, account, {}), there)

    def _credentials(self, provider_id: str) -> Credentials:
        provider = self.provider(provider_id)
        if not isinstance(provider, Credentials):
            raise UnknownProvider(f"Signing in by {provider_id!r} takes no credentials.")
        return provider

    async def _identify(
        self, provider: Credentials, credentials: Mapping[str, Any], address: str
    ) -> User:
        async with self.failures.sign_in(_counted(provider, credentials), address):
            if not isinstance(credentials, Mapping):
                raise CredentialsSignin
            answer = await cb.call("authorize", partial(provider.authorize, credentials))
            if not answer:
                raise CredentialsSignin
        return self._user("authorize", answer)

    def _user(self, name: str, answer: object) -> User:
        """Take what a function of the app answered, if it is a user as the app has them."""
        return self.schema.check_user(name, cb.check_type(name, answer, User))

    async def _ask(
        self, user: User, account: Account, credentials: Mapping[str, Any]
    ) -> str | None:
        """Ask the app whether to let somebody in; tell where it sends them instead, if it does."""
        answer = await self.callbacks.ask_sign_in(user, account, credentials)
        if not answer:
            raise AccessDenied
        return answer if isinstance(answer, str) else None


def _tidy(provider: Provider | None, credentials: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name an account in one way, so that the app and the limit on failures see the same."""
    if not isinstance(provider, Credentials) or not isinstance(credentials, Mapping):
        return credentials
    typed = credentials.get(provider.account_field)
    if not isinstance(typed, str):
        return credentials
    return {**credentials, provider.account_field: typed.strip()}


def _account(provider: Credentials, credentials: Mapping[str, Any]) -> str:
    """Name the account that somebody tries."""
    typed = credentials if isinstance(credentials, Mapping) else {}
    return str(typed.get(provider.account_field, ""))[:256]


def _counted(provider: Credentials, credentials: Mapping[str, Any]) -> str:
    """Name the account in one letter case: no spelling of it gives more attempts."""
    return folded(_account(provider, credentials))
