"""Single-use values: login tickets, OAuth states and logout states."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import KW_ONLY, dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from .errors import OAuthCallbackError, SignInOutdated, TicketRejected
from .store import SessionStore
from .utils import Clock, new_id, system_clock

Kind = TypeVar("Kind", bound=BaseModel)


class OneTimeStore(Generic[Kind]):
    """Keeps things of one kind on every worker, each for a while and for one use."""

    def __init__(
        self, kind: type[Kind], store: SessionStore, *, seconds: float, clock: Clock
    ) -> None:
        self._kind = kind
        self._store = store
        self._seconds = seconds
        self._clock = clock

    async def keep(self, thing: Kind, name: str = "") -> str:
        """Keep one."""
        name, expires = name or new_id(), self._clock() + self._seconds
        await self._store.put_ticket(self._hash(name), thing.model_dump_json(), expires=expires)
        return name

    async def take(self, name: str) -> Kind | None:
        """Take one back; whatever the answer, it is used up."""
        kept = await self._store.take_ticket(self._hash(name), now=self._clock())
        return self._kind.model_validate_json(kept) if kept else None

    def _hash(self, name: str) -> str:
        text = f"{self._kind.__name__.lower()} {name}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


TICKET_SECONDS = 30


class LoginTicket(BaseModel):
    """What a ticket stands for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: dict[str, Any]
    began: float
    provider: str
    callback_url: str
    browser: str = ""


class LoginTickets:
    """Gives tickets out and takes each back once."""

    def __init__(self, store: SessionStore, *, clock: Clock = system_clock) -> None:
        self._waiting = OneTimeStore(LoginTicket, store, seconds=TICKET_SECONDS, clock=clock)

    async def issue(self, granted: LoginTicket) -> str:
        """Give a ticket out."""
        return await self._waiting.keep(granted)

    async def redeem(self, ticket: str, *, browser: str) -> LoginTicket:
        """Take a ticket back; whatever the answer, it is used up."""
        granted = await self._waiting.take(ticket)
        if granted is None:
            raise TicketRejected("This sign-in took too long. Sign in again.")
        if granted.browser not in ("", browser):
            raise TicketRejected(
                "The browser's cookies changed during this sign-in. Sign in again.",
                reason="browser",
            )
        return granted


DEPARTURE_SECONDS = 600


class OAuthState(BaseModel):
    """One sign-in under way, kept on the server and used once.

    See RFC 7636 section 4.1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    nonce: str
    verifier: str
    callback_url: str
    member: str
    browser: str
    began: float
    since: float = 0


class OAuthStates:
    """Remembers sign-ins under way, on every worker, and each for one return."""

    def __init__(self, store: SessionStore, *, clock: Clock) -> None:
        self._waiting = OneTimeStore(OAuthState, store, seconds=DEPARTURE_SECONDS, clock=clock)
        self._clock = clock

    def begin(
        self,
        *,
        provider: str,
        verifier: str,
        callback_url: str,
        member: str,
        again: bool = False,
    ) -> tuple[OAuthState, str, str]:
        """Prepare for somebody who goes to a provider; nothing is remembered yet."""
        state, secret, now = new_id(), new_id(), self._clock()
        departure = OAuthState(
            provider=provider,
            nonce=new_id(),
            verifier=verifier,
            callback_url=callback_url,
            member=member,
            browser=_hash(secret),
            began=now,
            since=now if again else 0,
        )
        return departure, state, secret

    async def keep(self, departure: OAuthState, state: str) -> None:
        """Remember somebody who goes to a provider."""
        await self._waiting.keep(departure, state)

    async def arrive(self, state: str, secrets: list[str], *, provider: str) -> OAuthState:
        """Recognise somebody who comes back; whatever the answer, the state is used up."""
        departure = await self._waiting.take(state)
        if departure is None or departure.provider != provider:
            raise OAuthCallbackError("This sign-in took too long, or is over.", reason="state")
        if not any(hmac.compare_digest(_hash(each), departure.browser) for each in secrets):
            raise OAuthCallbackError("This sign-in was begun in another browser.", reason="browser")
        return departure


def _hash(text: str) -> str:
    return hashlib.sha256(b"departure " + text.encode("utf-8", "replace")).hexdigest()


FAREWELL_SECONDS = 600


class LogoutState(BaseModel):
    """One sign-out under way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    callback_url: str
    id_token: str = Field(default="", repr=False)


class LogoutStates:
    """Remembers sign-outs under way, on every worker, and each step once."""

    def __init__(self, store: SessionStore, *, clock: Clock) -> None:
        self._waiting = OneTimeStore(LogoutState, store, seconds=FAREWELL_SECONDS, clock=clock)

    async def keep(self, farewell: LogoutState) -> str:
        """Remember one."""
        return await self._waiting.keep(farewell)

    async def take(self, name: str, *, provider: str) -> LogoutState | None:
        """Find one; whatever the answer, its name is used up."""
        farewell = await self._waiting.take(name)
        return farewell if farewell is not None and farewell.provider == provider else None


PROOF_SECONDS = DEPARTURE_SECONDS + TICKET_SECONDS + 120
"""How long a proof is good for: the way to a provider and back, a ticket, and a slow answer."""


@dataclass(frozen=True, eq=False)
class LoginInvalidation:
    """Knows on every worker until when the proofs of a user are void."""

    store: SessionStore
    _: KW_ONLY
    clock: Clock

    async def void(self, user_id: str) -> None:
        """Let nobody in by what they have begun to prove before now.

        Do it before the user's sessions are looked for: a session that begins too late to be
        found is refused then.
        """
        now = self.clock()
        await self.store.put_ticket(_key(user_id), repr(now), expires=now + PROOF_SECONDS)

    async def check(self, user_id: str, began: float) -> None:
        """Check that a proof still counts."""
        now = self.clock()
        voided = await self.store.find_ticket(_key(user_id), now=now)
        if began < max(float(voided or 0), now - PROOF_SECONDS):
            raise SignInOutdated("Your account changed while you signed in. Sign in again.")


def _key(user_id: str) -> str:
    """Name the user's proofs, as no other ticket is named."""
    return "proofs-" + hashlib.sha256(user_id.encode("utf-8", "replace")).hexdigest()
