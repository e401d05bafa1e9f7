"""A session of a user who can't be: it stands in for somebody else's real one."""

from __future__ import annotations

from authdemo.sessions.core.record import HistoryEntry, SessionRecord
from authdemo.sessions.core.utils import new_id

_SECONDS = 60


def stranger(like: SessionRecord, *, now: float) -> SessionRecord:
    """Make up a session that tells nothing of the one that it is like.

    Its user's id is another each time, which nobody can guess, and no account's: it has a blank.
    """
    blank = {name: type(value)() for name, value in like.user.items()}
    return SessionRecord(
        id=new_id(),
        rev=1,
        user={**blank, "id": f"nobody {new_id()}"},
        provider=like.provider,
        created_at=now,
        renewed_at=now,
        expires_at=now + _SECONDS,
        absolute_expires_at=now + _SECONDS,
        last_seen_at=now,
        last_change=HistoryEntry(rev=1, at=now, cause="sign-in", changes={}),
    )
