"""Single-use values: login tickets, OAuth states and logout states; and login invalidation."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from .errors import OAuthCallbackError, SignInOutdated, TicketRejected
from .record import ProviderSession
from .store import SessionStore
from .utils import Clock, new_id


class OneTimeValue(BaseModel):
    """A value that is kept on the server for `MAX_AGE` seconds, and used once."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    MAX_AGE: ClassVar[int]


T = TypeVar("T", bound=OneTimeValue)


@dataclass(frozen=True, eq=False)
class OneTimeStore(Generic[T]):
    """Keeps values of one kind for all workers. The store never sees a key, only its hash."""

    kind: type[T]
    store: SessionStore
    _: KW_ONLY
    clock: Clock

    async def put(self, value: T, key: str = "") -> str:
        """Keep a value, and return its key."""
        key, expires = key or new_id(), self.clock() + value.MAX_AGE
        await self.store.put_value(self._hash(key), value.model_dump_json(), expires=expires)
        return key

    async def consume(self, key: str) -> T | None:
        found = await self.store.consume_value(self._hash(key), now=self.clock())
        return self.kind.model_validate_json(found) if found else None

    async def find(self, key: str) -> T | None:
        """Read a value that is to be consumed later."""
        found = await self.store.find_value(self._hash(key), now=self.clock())
        return self.kind.model_validate_json(found) if found else None

    def _hash(self, key: str) -> str:
        return _sha256(f"{self.kind.__name__.lower()} {key}")


class PendingLogin(OneTimeValue):
    """A sign-in whose session another request begins, of the browser that began the sign-in."""

    user: dict[str, Any]
    account: dict[str, Any]
    started_at: float
    callback_url: str
    browser: str = ""
    amr: tuple[str, ...] = ()
    provider_session: ProviderSession | None = None
    is_remembered: bool = True


class LoginTicket(PendingLogin):
    """A sign-in over a socket, on its way to the cookie."""

    MAX_AGE = 30

    reason: str = ""
    actor_sid: str = ""
    """The session of the administrator who signs in as the user."""


class Challenge(PendingLogin):
    """A sign-in that waits for a second factor; a cookie has its key."""

    MAX_AGE = 600


class OAuthState(OneTimeValue):
    """A sign-in on its way to a provider and back (RFC 6749 section 10.12, RFC 7636)."""

    MAX_AGE = 600

    provider: str
    nonce: str = Field(default_factory=new_id)
    verifier: str
    callback_url: str
    session_id: str
    browser: str
    started_at: float
    min_auth_time: float = 0
    is_remembered: bool = True


def browser_hash(secret: str) -> str:
    """Hash the secret by which a browser is recognized when it comes back from a provider."""
    return _sha256(f"browser {secret}")


class LogoutState(OneTimeValue):
    """A sign-out on its way to a provider and back."""

    MAX_AGE = 600

    provider: str
    callback_url: str
    id_token: str = Field(default="", repr=False)


async def redeem_ticket(
    tickets: OneTimeStore[LoginTicket], key: str, *, browser: str
) -> LoginTicket:
    """Consume a login ticket that this browser may use."""
    ticket = await tickets.consume(key)
    if ticket is None:
        raise TicketRejected("This sign-in took too long. Sign in again.")
    if ticket.browser not in ("", browser):
        message = "The browser's cookies changed during this sign-in. Sign in again."
        raise TicketRejected(message, reason="browser")
    return ticket


async def redeem_oauth_state(
    states: OneTimeStore[OAuthState], key: str, secrets: Iterable[str], *, provider: str
) -> OAuthState:
    """Consume an OAuth state that was created in this browser for this provider."""
    state = await states.consume(key)
    if state is None or state.provider != provider:
        raise OAuthCallbackError("This sign-in took too long, or has ended.", reason="state")
    if not any(hmac.compare_digest(browser_hash(each), state.browser) for each in secrets):
        raise OAuthCallbackError("This sign-in began in another browser.", reason="browser")
    return state


MAX_LOGIN_SECONDS = OAuthState.MAX_AGE + LoginTicket.MAX_AGE + Challenge.MAX_AGE + 120
"""How long a sign-in may take: the way to a provider and back, a ticket, a code, a slow answer."""


async def invalidate_logins(store: SessionStore, user_id: str, *, now: float) -> None:
    """Invalidate a user's pending sign-ins, on every worker.

    Call it before listing the user's sessions: `check_login` rejects those that begin later.
    """
    await store.put_value(_key(user_id), repr(now), expires=now + MAX_LOGIN_SECONDS)


async def check_login(store: SessionStore, user_id: str, started_at: float, *, now: float) -> None:
    """Reject a sign-in that was invalidated, or that took too long to know."""
    invalidated_at = await store.find_value(_key(user_id), now=now)
    if started_at < max(float(invalidated_at or 0), now - MAX_LOGIN_SECONDS):
        raise SignInOutdated("Your account changed while you signed in. Sign in again.")


def _key(user_id: str) -> str:
    return f"login-invalidation-{_sha256(user_id)}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
