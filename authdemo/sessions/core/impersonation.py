"""Impersonation: an administrator acts as a user, in a session of its own, and comes back."""

from __future__ import annotations

from dataclasses import dataclass

from .callbacks import Account
from .errors import ImpersonationRejected, NotAuthenticated, TicketRejected
from .one_time import LoginTicket, OneTimeStore, OneTimeValue
from .record import Actor, Device, SessionRecord
from .schema import User
from .sessions import SessionService
from .text import HIDDEN_CHARACTER, VISIBLE_CHARACTER
from .users import UserService

MAX_SECONDS = 3600
"""How long an impersonation lasts at most, however much it is used."""

MAX_REASON = 200
"""How many characters a reason has at most."""

_ACCOUNT = Account("impersonation", "impersonation")


class ActorReturn(OneTimeValue):
    """The way from an impersonation, once it has ended, to the administrator's own session."""

    MAX_AGE = 86_400

    sid: str
    actor_sid: str


@dataclass(frozen=True, eq=False)
class Impersonations:
    """Begins the sessions in which administrators act as users, and leads back from them."""

    users: UserService
    returns: OneTimeStore[ActorReturn]

    @property
    def sessions(self) -> SessionService:
        return self.users.sessions

    async def check(self, record: SessionRecord, user_id: str, reason: object) -> tuple[User, str]:
        """Check that the user of a session may act as another; return that user, and why."""
        if record.actor is not None:
            raise ImpersonationRejected("You act as another user already.", reason="nested")
        if user_id == record.user_id:
            raise ImpersonationRejected("You can't act as yourself.", reason="self")
        text, user = _read_reason(reason), await self.users.find(user_id)
        if user is None:
            raise ImpersonationRejected("This user doesn't exist.", reason="unknown")
        actor = self.sessions.schema.read(record.user)
        may = await self.sessions.serializers.callbacks.ask_impersonate(actor, user)
        if not may or not record.is_own:
            raise ImpersonationRejected("You can't act as this user.", reason="denied")
        return user, text

    async def begin(
        self, record: SessionRecord | None, ticket: LoginTicket, device: Device
    ) -> tuple[SessionRecord, str]:
        """Begin a session for a ticket, with the key of the way back."""
        if record is None or record.id != ticket.actor_sid:
            message = "The browser's session changed meanwhile. Try again."
            raise TicketRejected(message, reason="browser")
        user, reason = await self.check(record, str(ticket.user["id"]), ticket.reason)
        now = self.sessions.clock()
        age = int(min(MAX_SECONDS, record.expires_at - now))
        actor = Actor(
            id=record.user_id,
            name=str(record.user["name"]),
            reason=reason,
            since=now,
            until=now + age,
        )
        begun = await self.sessions.begin(
            user,
            _ACCOUNT,
            started_at=ticket.started_at,
            device=device,
            actor=actor,
            actor_sid=record.id,
            max_age=age,
        )
        before = ""

        def link(newest: SessionRecord) -> SessionRecord:
            nonlocal before
            before = newest.impersonates
            return newest.changed("impersonation", {}, at=now, device=device, impersonates=begun.id)

        try:
            await self.sessions.amend(record.id, link)
        except NotAuthenticated:
            await self.sessions.end(begun.id, "revoked", device=device)
            raise
        if before:
            await self.sessions.end(before, "stopped", device=device)
        key = await self.returns.put(ActorReturn(sid=begun.id, actor_sid=record.id))
        return begun, key

    async def resume(self, key: str) -> SessionRecord | None:
        """Find the administrator's own session, if the impersonation has ended and it hasn't."""
        back = await self.returns.consume(key)
        if back is None or await self.sessions.find(back.sid) is not None:
            return None
        record = await self.sessions.find(back.actor_sid)
        return record if record is not None and record.impersonates == back.sid else None


def _read_reason(reason: object) -> str:
    text = reason.strip() if isinstance(reason, str) else ""
    is_visible = VISIBLE_CHARACTER.search(text) and not HIDDEN_CHARACTER.search(text)
    if is_visible and len(text) <= MAX_REASON:
        return text
    raise ImpersonationRejected(
        f"Enter a reason of at most {MAX_REASON} characters.",
        field="reason",
        reason="reason",
        values={"max": MAX_REASON},
    )
