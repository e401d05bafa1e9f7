"""Proofs of who somebody is: what was begun to prove before a user's sessions ended is void.

A sign-in takes its time: a password is hashed, a ticket waits, a provider asks. Who was
let in by what was so at its beginning would outlive a new password, a revocation or a demotion.
"""

from __future__ import annotations

import hashlib

from ..basics.clock import Clock
from ..errors import SignInOutdated
from ..one_time.departures import DEPARTURE_SECONDS
from ..one_time.tickets import TICKET_SECONDS
from ..store import SessionStore

PROOF_SECONDS = DEPARTURE_SECONDS + TICKET_SECONDS + 120
"""How long a proof is good for: the way to a provider and back, a ticket, and a slow answer."""


class Proofs:
    """Knows on every worker until when the proofs of a user are void."""

    def __init__(self, store: SessionStore, *, clock: Clock) -> None:
        """Begin with all of them good.

        Args:
            store: Where it is noted, for as long as a proof is good.
            clock: The clock.
        """
        self._store = store
        self._clock = clock

    async def void(self, user_id: str) -> None:
        """Let nobody in by what they have begun to prove before now.

        Do it before the user's sessions are looked for: a session that begins too late to be
        found is refused then.

        Args:
            user_id: Whom they would prove to be.

        Raises:
            StoreUnavailable: If the store can't keep it.
        """
        now = self._clock()
        await self._store.put_ticket(_key(user_id), repr(now), expires=now + PROOF_SECONDS)

    async def check(self, user_id: str, began: float) -> None:
        """Check that a proof still counts.

        Args:
            user_id: Who has proved to be it.
            began: When they began to, in seconds since 1970.

        Raises:
            SignInOutdated: If it is void, or too old for anybody to know.
            StoreUnavailable: If nobody can say.
        """
        now = self._clock()
        voided = await self._store.find_ticket(_key(user_id), now=now)
        if began < max(float(voided or 0), now - PROOF_SECONDS):
            raise SignInOutdated("Your account changed while you signed in. Sign in again.")


def _key(user_id: str) -> str:
    """Name the user's proofs, as no other ticket is named."""
    return "proofs-" + hashlib.sha256(user_id.encode("utf-8", "replace")).hexdigest()
