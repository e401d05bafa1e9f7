"""Sign-in tickets: how a login over a web socket reaches the cookie jar.

A socket can't set a cookie. So a login over it yields a ticket: opaque, good for
one use and a few seconds, and only in the browser that asked for it. The browser
exchanges it over HTTP for the cookie, and no token ever passes through JavaScript.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from ..basics.clock import Clock, system_clock
from ..errors import TicketRefused
from ..store import SessionStore
from .once import Once

TICKET_SECONDS = 30


class Pass(BaseModel):
    """What a ticket stands for.

    Attributes:
        user: The fields of the user who proved who they are.
        began: When they began to prove it, in seconds since 1970.
        provider: The provider that they proved it to.
        callback_url: Where they want to go.
        browser: The browser that the ticket is good in; empty for any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: dict[str, Any]
    began: float
    provider: str
    callback_url: str
    browser: str = ""


class Tickets:
    """Gives tickets out and takes each back once."""

    def __init__(self, store: SessionStore, *, clock: Clock = system_clock) -> None:
        """Make a ticket office.

        Args:
            store: Where tickets wait.
            clock: The clock.
        """
        self._waiting = Once(Pass, store, seconds=TICKET_SECONDS, clock=clock)

    async def issue(self, granted: Pass) -> str:
        """Give a ticket out.

        Args:
            granted: What it stands for.

        Returns:
            The ticket.
        """
        return await self._waiting.keep(granted)

    async def redeem(self, ticket: str, *, browser: str) -> Pass:
        """Take a ticket back; whatever the answer, it is used up.

        Args:
            ticket: The ticket.
            browser: The browser that brings it.

        Returns:
            What it stood for.

        Raises:
            TicketRefused: If it is unknown, used, too old or another browser's.
        """
        granted = await self._waiting.take(ticket)
        if granted is None:
            raise TicketRefused("This sign-in took too long. Sign in again.")
        if granted.browser not in ("", browser):
            raise TicketRefused(
                "The browser's cookies changed during this sign-in. Sign in again.",
                reason="browser",
            )
        return granted
