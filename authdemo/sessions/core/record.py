"""The session record, which token, JSON and view represent."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .authentication import level_of
from .errors import ImpersonationRejected
from .user_agents import name_client

logger = logging.getLogger("authdemo.sessions")

MAX_HISTORY = 50
"""How many history entries a session has."""

PLAIN = frozenset({str, int, bool, type(None)})
"""Immutable types that JSON reads as it wrote them."""

_MAX_PARSED = 4096

Cause: TypeAlias = Literal[
    "sign-in",
    "client",
    "server",
    "refresh",
    "confirmation",
    "rename",
    "renewal",
    "expiry",
    "provider-tokens",
    "impersonation",
]
"""Why a record changed; the last four don't raise the revision, nor does a confirmation unless it
adds a method."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(_Frozen):
    """A field's old and new value."""

    old: Any
    new: Any


class Device(_Frozen):
    """The client of a request.

    Attributes:
        user_agent: Its `User-Agent`, at most 256 characters.
        ip: Its address.
        tab: The tab's short name for people, or empty.
    """

    user_agent: str = ""
    ip: str = ""
    tab: str = ""

    @property
    def name(self) -> str:
        """The browser and its system in our own words, like "Firefox, Linux"; may be empty."""
        return name_client(self.user_agent)

    def is_same_as(self, other: Device) -> bool:
        """Whether both can be tabs of one browser."""
        return (self.user_agent, self.ip) == (other.user_agent, other.ip)


class HistoryEntry(_Frozen):
    """A past change of a session."""

    rev: int
    at: float
    cause: Cause
    changes: dict[str, Change]
    tab: str = ""
    device: Device | None = None
    actor: str = ""
    """The id of the administrator who acted as the user."""


class ProviderSession(_Frozen):
    """A session's identity at its provider; never sent to clients."""

    subject: str
    sid: str = ""
    id_token: str = Field(default="", repr=False)
    auth_time: float = 0
    tokens: str = Field(default="", repr=False)
    """The provider's access and refresh token, encrypted."""


class Bearer(_Frozen):
    """What makes a session a program's: what it may do."""

    scopes: tuple[str, ...] = ()


class Actor(_Frozen):
    """The administrator who acts as the user of a session.

    Attributes:
        id: The administrator's user id.
        name: The administrator's name.
        reason: Why, in the administrator's own words.
        since: When it began, in seconds since 1970.
        until: When it ends at the latest.
    """

    id: str
    name: str
    reason: str
    since: float
    until: float


class SessionRecord(_Frozen):
    """A session as it is stored."""

    id: str
    rev: int
    user: dict[str, Any]
    user_schema: str = ""
    claims: dict[str, Any] = {}
    provider: str
    created_at: float
    renewed_at: float
    expires_at: float
    absolute_expires_at: float
    last_seen_at: float
    reauthenticated_at: float = 0
    amr: tuple[str, ...] = ()
    level: int = 1
    device: Device = Device()
    provider_session: ProviderSession | None = None
    bearer: Bearer | None = None
    is_remembered: bool = True
    """Whether its cookie outlives the browser; if not, the session has a shorter life."""
    name: str = ""
    """What the user calls it, such as a device."""
    actor: Actor | None = None
    actor_sid: str = ""
    """The actor's own session, without which this one ends."""
    impersonates: str = ""
    """The session in which its user last acted as another."""
    last_change: HistoryEntry
    version: int = 1

    @classmethod
    def parse(cls, text: str) -> SessionRecord | None:
        """Parse a stored record; None if it is invalid."""
        try:
            return _parse(text)
        except ValidationError:
            logger.error("A session record is invalid, so its session has ended.")  # noqa: TRY400
            return None

    @property
    def is_own(self) -> bool:
        """Whether it is a browser's in which the user acts, and no one for the user."""
        return self.bearer is None and self.actor is None

    def check_no_actor(self) -> None:
        """Reject what only the user may do, and no administrator who acts as the user."""
        if self.actor is not None:
            raise ImpersonationRejected

    def parsed(self, text: str) -> SessionRecord | None:
        """Return what `parse` makes of the record's own text."""
        kinds = {*map(type, self.user.values()), *map(type, self.claims.values())}
        return self if kinds <= PLAIN else SessionRecord.parse(text)

    @property
    def user_id(self) -> str:
        return str(self.user["id"])

    @property
    def provider_ids(self) -> tuple[str, ...]:
        """What its provider may identify it by: the subject, and the provider's own session."""
        session = self.provider_session
        if session is None:
            return ()
        named = {"sub": session.subject, "sid": session.sid}
        return tuple(
            provider_id(self.provider, kind, value) for kind, value in named.items() if value
        )

    def changed(
        self,
        cause: Cause,
        changes: dict[str, Change],
        *,
        at: float,
        device: Device | None,
        **new: Any,
    ) -> SessionRecord:
        """Make the next version of the record, with a history entry."""
        other = None if device is None or device.is_same_as(self.device) else device
        entry = HistoryEntry(
            rev=new.get("rev", self.rev),
            at=at,
            cause=cause,
            changes=changes,
            tab=device.tab if device else "",
            device=other,
            actor=self.actor.id if self.actor else "",
        )
        return self.model_copy(
            update={"last_seen_at": at, "last_change": entry, "version": self.version + 1} | new
        )

    def confirmed(self, amr: tuple[str, ...], *, at: float, device: Device | None) -> SessionRecord:
        """Make the next version after a proof of these methods."""
        self.check_no_actor()
        methods = tuple(dict.fromkeys((*self.amr, *amr)))
        changed = changes({"amr": self.amr}, {"amr": methods})
        new = {
            "amr": methods,
            "level": level_of(methods),
            "rev": self.rev + bool(changed),
            "reauthenticated_at": at,
        }
        return self.changed("confirmation", changed, at=at, device=device, **new)


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """A session at its newest revision, and whether the update made that."""

    record: SessionRecord
    session: dict[str, Any]
    token: str
    is_new: bool


def provider_id(provider: str, kind: str, value: str) -> str:
    """Make one text of a provider's identifier, so that no two mean the same."""
    return json.dumps([provider, kind, value])


@lru_cache(_MAX_PARSED)
def _parse(text: str) -> SessionRecord:
    return SessionRecord.model_validate_json(text)


def changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Change]:
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return {name: Change(old=old.get(name), new=new.get(name)) for name in names}
