"""The end of a session, from which it never comes back."""

from __future__ import annotations

from contextlib import suppress

from .audit import AuditEvent, AuditTrail
from .errors import AuthError
from .events import EndReason, Events, Feed, SessionEnded, tell
from .record import Device
from .serializers import Faces
from .store import SessionStore


class Endings:
    """Ends sessions: for their users, for the app, and because their time is over."""

    def __init__(
        self,
        *,
        store: SessionStore,
        faces: Faces,
        feed: Feed,
        events: Events,
        trail: AuditTrail,
    ) -> None:
        self._store = store
        self._faces = faces
        self._feed = feed
        self._events = events
        self._trail = trail

    async def end(
        self,
        sid: str,
        reason: EndReason,
        device: Device | None = None,
        *,
        fields: tuple[str, ...] = (),
    ) -> None:
        """End a session, and tell everyone concerned."""
        record = await self._store.delete(sid)
        if record is None:
            return
        self._feed.publish(SessionEnded(sid, reason, record.user_id))
        entry = AuditEvent(kind="ended", reason=reason, fields=fields)
        self._trail.add(entry, record=record, device=device)
        if reason in ("expired", "outdated"):  # nobody has signed out
            return
        with suppress(AuthError):  # the session is over, whatever its callback raises
            await tell(
                self._events.sign_out, session=await self._faces.public(record), reason=reason
            )
