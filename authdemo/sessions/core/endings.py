"""The end of a session, from which it never comes back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import KW_ONLY, dataclass

from .audit import AuditEvent, AuditTrail
from .errors import AuthError
from .events import EndReason, Events, Feed, SessionEnded, tell
from .record import Device
from .serializers import Serializers
from .store import SessionStore


@dataclass(frozen=True, eq=False)
class Endings:
    """Ends sessions: for their users, for the app, and because their time is over."""

    _: KW_ONLY
    store: SessionStore
    faces: Serializers
    feed: Feed
    events: Events
    trail: AuditTrail

    async def end(
        self,
        sid: str,
        reason: EndReason,
        device: Device | None = None,
        *,
        fields: tuple[str, ...] = (),
    ) -> None:
        """End a session, and tell everyone concerned."""
        record = await self.store.delete(sid)
        if record is None:
            return
        self.feed.publish(SessionEnded(sid, reason, record.user_id))
        entry = AuditEvent(kind="ended", reason=reason, fields=fields)
        self.trail.add(entry, record=record, device=device)
        if reason in ("expired", "outdated"):  # nobody has signed out
            return
        with suppress(AuthError):  # the session is over, whatever its callback raises
            await tell(self.events.sign_out, session=await self.faces.public(record), reason=reason)
