"""What users do with the sessions in their own list: find one of them, and name it."""

from __future__ import annotations

from dataclasses import dataclass

from .audit import AuditEvent
from .errors import NotFound, UpdateRejected
from .events import SessionChanged
from .record import Change, Device, SessionRecord
from .schema import read_name
from .sessions import SessionService
from .utils import public_id


@dataclass(frozen=True, eq=False)
class OwnSessions:
    """The sessions of one user, by the public ids that their list shows."""

    sessions: SessionService

    async def find(self, user_id: str, session_id: str) -> SessionRecord:
        """Find one of the user's sessions; another user's is not found."""
        for record in await self.sessions.list_by_user(user_id):
            if public_id(record.id) == session_id:
                return record
        raise NotFound("You don't have this session.", reason="session")

    async def rename(
        self, caller: SessionRecord, session_id: str, name: object, *, device: Device | None
    ) -> SessionRecord:
        """Name one of the caller's sessions; without a name it is shown by its browser."""
        caller.check_no_actor()
        if not isinstance(name, str):
            raise UpdateRejected("The name must be text.", field="name", reason="string_type")
        wanted = read_name(name) if name.strip() else ""
        found = await self.find(caller.user_id, session_id)
        at = self.sessions.clock()

        def amend(record: SessionRecord) -> SessionRecord | None:
            if record.name == wanted:
                return None
            new = {"name": wanted, "last_seen_at": record.last_seen_at}
            changed = {"name": Change(old=record.name, new=wanted)}
            return record.changed("rename", changed, at=at, device=device, **new)

        record = await self.sessions.amend(found.id, amend)
        if record.version != found.version:
            self.sessions.feed.publish(SessionChanged(record, {}))
            self.sessions.trail.add(AuditEvent(kind="renamed"), record=record, device=device)
        return record
