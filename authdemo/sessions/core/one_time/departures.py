"""Sign-ins that are under way at a provider: what must come back, and to whom."""

from __future__ import annotations

import hashlib
import hmac

from pydantic import BaseModel, ConfigDict

from ..basics.clock import Clock
from ..basics.ids import new_id
from ..errors import OAuthCallbackError
from ..store import SessionStore
from .once import Once

DEPARTURE_SECONDS = 600


class Departure(BaseModel):
    """One sign-in under way, kept on the server and used once.

    Attributes:
        provider: The id of the provider that was asked.
        nonce: What the id token has to repeat (OpenID Connect Core section 3.1.2.1).
        verifier: What proves that the code is for us (RFC 7636 section 4.1).
        callback_url: Where the visitor wants to go.
        member: The id of the session that was there at the start; empty for none.
        browser: A hash of the secret that the browser keeps in a cookie.
        began: When the visitor was sent to the provider.
        since: When the visitor must have proved at the provider who they are, at the earliest;
            0 if it doesn't matter.
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


class Departures:
    """Remembers sign-ins under way, on every worker, and each for one return."""

    def __init__(self, store: SessionStore, *, clock: Clock) -> None:
        """Begin with none.

        Args:
            store: Where they wait.
            clock: The clock.
        """
        self._waiting = Once(Departure, store, seconds=DEPARTURE_SECONDS, clock=clock)
        self._clock = clock

    def begin(
        self,
        *,
        provider: str,
        verifier: str,
        callback_url: str,
        member: str,
        again: bool = False,
    ) -> tuple[Departure, str, str]:
        """Prepare for somebody who goes to a provider; nothing is remembered yet.

        Args:
            provider: Its id.
            verifier: The proof key.
            callback_url: Where they want to go.
            member: The id of their session; empty for none.
            again: Whether they have to prove there who they are, however well they are known.

        Returns:
            What is to remember, the `state` to send along, and the secret for the browser.
        """
        state, secret, now = new_id(), new_id(), self._clock()
        departure = Departure(
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

    async def keep(self, departure: Departure, state: str) -> None:
        """Remember somebody who goes to a provider.

        Args:
            departure: What to remember.
            state: What comes back with them.
        """
        await self._waiting.keep(departure, state)

    async def arrive(self, state: str, secrets: list[str], *, provider: str) -> Departure:
        """Recognise somebody who comes back; whatever the answer, the state is used up.

        Args:
            state: What came with them.
            secrets: What their browser keeps.
            provider: The id of the provider whose address they came back to.

        Returns:
            What was remembered.

        Raises:
            OAuthCallbackError: If the state is unknown, used, too old, another browser's or
                was given to another provider.
        """
        departure = await self._waiting.take(state)
        if departure is None or departure.provider != provider:
            raise OAuthCallbackError("This sign-in took too long, or is over.", reason="state")
        if not any(hmac.compare_digest(_hash(each), departure.browser) for each in secrets):
            raise OAuthCallbackError("This sign-in was begun in another browser.", reason="browser")
        return departure


def _hash(text: str) -> str:
    return hashlib.sha256(b"departure " + text.encode("utf-8", "replace")).hexdigest()
