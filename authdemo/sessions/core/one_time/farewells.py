"""Sign-outs that go on at a provider: what it has to be told, and where the visitor goes then.

The session is over before any of this begins. What a provider wants to see stays on the
server: the browser carries nothing but a name for it, which is good once.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ..basics.clock import Clock
from ..store import SessionStore
from .once import Once

FAREWELL_SECONDS = 600


class Farewell(BaseModel):
    """One sign-out under way.

    Attributes:
        provider: The id of the provider.
        callback_url: Where the visitor goes afterwards.
        id_token: What the provider gave when they signed in; empty on the way back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    callback_url: str
    id_token: str = Field(default="", repr=False)


class Farewells:
    """Remembers sign-outs under way, on every worker, and each step once."""

    def __init__(self, store: SessionStore, *, clock: Clock) -> None:
        """Begin with none.

        Args:
            store: Where they wait.
            clock: The clock.
        """
        self._waiting = Once(Farewell, store, seconds=FAREWELL_SECONDS, clock=clock)

    async def keep(self, farewell: Farewell) -> str:
        """Remember one.

        Args:
            farewell: What to remember.

        Returns:
            The name that it goes by, which nobody can guess.
        """
        return await self._waiting.keep(farewell)

    async def take(self, name: str, *, provider: str) -> Farewell | None:
        """Find one; whatever the answer, its name is used up.

        Args:
            name: The name that it goes by.
            provider: The id of the provider that it must be at.

        Returns:
            What was remembered, or None if there is no such thing, or not any more.
        """
        farewell = await self._waiting.take(name)
        return farewell if farewell is not None and farewell.provider == provider else None
