"""Sessions and their changes, as the app's own code sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Literal

from .events import Notice, SessionBegan, SessionChanged, SessionEnded, TabsChanged
from .record import Actor, Device, HistoryEntry, SessionRecord
from .schema import U
from .utils import public_id


@dataclass(frozen=True, slots=True)
class Session(Generic[U]):
    """A verified session, as event handlers and checks see it.

    Attributes:
        id: Its public id, as in `GET /api/auth/sessions`; no credential.
        user: The user, of the app's own type.
        expires: When the session ends unless it is renewed.
        rev: Its revision.
        claims: What the `jwt` callback added.
        authenticated_at: When the user last signed in, or entered the password again for
            `auth.confirm`. At a provider: when the provider asked for it (`auth_time`), and 1970
            if the provider doesn't say, or if the session is a program's or an administrator's.
        scopes: The scopes of a program's bearer token; None for a browser, which has them all.
        actor: The administrator who acts as the user; None if the user does.
        amr: How the user authenticated (RFC 8176): `pwd`, `otp`, `hwk`, `user` and others.
        level: 2 after two factors of different kinds, or a passkey with user verification; or
            else 1.
    """

    id: str
    user: U
    expires: datetime
    rev: int
    claims: Mapping[str, Any]
    authenticated_at: datetime
    scopes: frozenset[str] | None = None
    actor: Actor | None = None
    amr: tuple[str, ...] = ()
    level: int = 1

    @property
    def roles(self) -> frozenset[str]:
        """The user's `roles`, or the one `role`, as far as the app's users have any."""
        one = getattr(self.user, "role", None)
        several = getattr(self.user, "roles", None)
        return frozenset(several if several is not None else [one] if one else [])


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """One of a user's active sessions, as a list of devices shows it.

    Attributes:
        id: Its public id, as in `GET /api/auth/sessions`; no credential.
        rev: Its revision.
        provider: The id of the provider that the user signed in with.
        device: The browser and the address that the session began with.
        created: When the user signed in.
        last_seen: When the session was last used.
        expires: When the session ends unless it is renewed.
        name: What the user calls it: a device, or a program with a bearer token.
        actor: The administrator who acts as the user in it; None if the user does.
        amr: How the user authenticated (RFC 8176).
        tabs: The names of its open tabs, on all workers.
        history: Its latest changes, oldest first; only if they were asked for.
    """

    id: str
    rev: int
    provider: str
    device: Device
    created: datetime
    last_seen: datetime
    expires: datetime
    name: str = ""
    actor: Actor | None = None
    amr: tuple[str, ...] = ()
    tabs: tuple[str, ...] = ()
    history: tuple[HistoryEntry, ...] = ()

    @classmethod
    def of(
        cls,
        record: SessionRecord,
        *,
        tabs: tuple[str, ...] = (),
        history: tuple[HistoryEntry, ...] = (),
    ) -> ActiveSession:
        return cls(
            id=public_id(record.id),
            rev=record.rev,
            provider=record.provider,
            device=record.device,
            created=datetime.fromtimestamp(record.created_at, UTC),
            last_seen=datetime.fromtimestamp(record.last_seen_at, UTC),
            expires=datetime.fromtimestamp(record.expires_at, UTC),
            name=record.name,
            actor=record.actor,
            amr=record.amr,
            tabs=tabs,
            history=history,
        )


@dataclass(frozen=True, slots=True)
class SessionChange:
    """A change of a user's sessions, on this worker or another.

    Attributes:
        kind: A session began, was updated or renewed, or ended; or its open `tabs` changed.
        user_id: The user; empty if it isn't known.
        session_id: The session's public id; empty for `began` and `tabs`.
    """

    kind: Literal["began", "updated", "ended", "tabs"]
    user_id: str
    session_id: str = ""

    @classmethod
    def of(cls, notice: Notice) -> SessionChange | None:
        """Describe a notice of the feed, if it is about a user's sessions."""
        match notice:
            case SessionBegan(user_id=user_id):
                return cls("began", user_id)
            case SessionChanged(record=record):
                return cls("updated", record.user_id, public_id(record.id))
            case SessionEnded(sid=sid, user_id=user_id):
                return cls("ended", user_id, public_id(sid))
            case TabsChanged(user_id=user_id):
                return cls("tabs", user_id)
        return None
