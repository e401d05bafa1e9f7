"""Who may come in: what somebody proves, and what the app makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from .core import callbacks as cb
from .core.audit import AuditEvent, AuditTrail
from .core.callbacks import Account, Callbacks
from .core.errors import AccessDenied, CredentialsSignin, SignInError, UnknownProvider
from .core.rate_limit import CrowdLimit, FailureLimit, work_for
from .core.record import Device, ProviderSession
from .core.schema import UserSchema
from .core.text import folded
from .core.users import User
from .core.utils import Clock, system_clock
from .providers.base import Federated, Identity
from .providers.credentials import Credentials

Provider: TypeAlias = Credentials | Federated


@dataclass(frozen=True, slots=True)
class Granted:
    """Somebody proved who they are.

    Attributes:
        user: Who.
        account: How.
        began: When they began to prove it, in seconds since 1970.
        redirect_to: Where the `sign_in` callback sends them instead of signing
            them in, or None.
        provider_session: What the session is at the provider.
    """

    user: User
    account: Account
    began: float
    redirect_to: str | None = None
    provider_session: ProviderSession | None = None


class Admission:
    """Decides who may come in."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        callbacks: Callbacks,
        schema: UserSchema,
        trail: AuditTrail,
        failures: FailureLimit,
        *,
        clock: Clock = system_clock,
    ) -> None:
        """Put the parts together.

        Args:
            providers: The ways to sign in, by id.
            callbacks: The app's decisions.
            schema: Which fields a user has.
            trail: The audit trail.
            failures: How often signing in may fail.
            clock: The clock.
        """
        self._providers = providers
        self._callbacks = callbacks
        self._schema = schema
        self._trail = trail
        self._failures = failures
        self._crowds = CrowdLimit()
        self._clock = clock

    def provider(self, provider_id: str) -> Provider:
        """Find a way to sign in.

        Args:
            provider_id: Its id.

        Returns:
            The provider.

        Raises:
            UnknownProvider: If there is none of that id.
        """
        provider = self._providers.get(provider_id)
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
        """Find out who somebody is, and whether they may come in.

        Args:
            provider_id: The provider's id.
            credentials: What they sent. Blanks around the field that names the account count for
                nothing, in whatever is made of it: phones add them.
            device: What they sign in with; failures are counted by its address.
            has_left: Tells whether they have disconnected; then no password is hashed.

        Returns:
            Who they are.

        Raises:
            UnknownProvider: If there is no such provider.
            TooManyAttempts: If this account failed too often from there.
            TooManySignIns: If too many sign-ins from there are under way.
            ConnectionLost: If they have left before the credentials were checked.
            CredentialsSignin: If the credentials are wrong.
            AccessDenied: If the `sign_in` callback said no.
            CallbackFailed: If a function of the app raised, or answered with no user of the app.
        """
        began = self._clock()
        credentials = _tidy(self._providers.get(provider_id), credentials)
        try:
            provider = self._credentials(provider_id)
            with self._crowds.one(device.ip), work_for(device.ip, has_left):
                user = await self._identify(provider, credentials, device.ip)
            account = Account(provider.id, provider.type)
            return Granted(user, account, began, await self._ask(user, account, credentials))
        except SignInError as error:
            known = self._providers.get(provider_id)
            tried = _account(known, credentials) if isinstance(known, Credentials) else ""
            entry = AuditEvent(
                kind="sign-in-failed",
                reason=error.code,
                provider=provider_id[:64],
                user=tried[:64],
            )
            self._trail.add(entry, device=device)
            raise

    async def admit(
        self, provider: Federated, identity: Identity, *, began: float, member: User | None
    ) -> Granted:
        """Decide whether somebody whom a provider vouches for may come in.

        Args:
            provider: The provider.
            identity: Who it is, verified.
            began: When they were sent there to prove it.
            member: Who is signed in already, or None.

        Returns:
            Who they are.

        Raises:
            AccessDenied: If the app has no place for them, or the `sign_in` callback said no.
            CallbackFailed: If a function of the app raised, or answered with no user of the app.
        """
        known = replace(identity, member=member)
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
        async with self._failures.attempt(_counted(provider, credentials), address):
            if not isinstance(credentials, Mapping):
                raise CredentialsSignin
            answer = await cb.call("authorize", partial(provider.authorize, credentials))
            if not answer:
                raise CredentialsSignin
        return self._user("authorize", answer)

    def _user(self, name: str, answer: object) -> User:
        """Take what a function of the app answered, if it is a user as the app has them."""
        return self._schema.fitting(name, cb.typed(name, answer, User))

    async def _ask(
        self, user: User, account: Account, credentials: Mapping[str, Any]
    ) -> str | None:
        """Ask the app whether to let somebody in; tell where it sends them instead, if it does."""
        answer = await self._callbacks.ask_sign_in(user, account, credentials)
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
