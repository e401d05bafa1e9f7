"""The session record: the one truth that token, JSON and view show."""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

logger = logging.getLogger("authdemo.sessions")

MAX_HISTORY = 50
"""How many steps of a session are remembered."""

PLAIN = frozenset({str, int, bool, type(None)})
"""What JSON gives back as it was, and nobody can change."""

_MOST_READ = 4096
"""How many records are kept as they were read, so that no text has to be read twice."""

Cause: TypeAlias = Literal["sign-in", "client", "server", "refresh", "renewal", "confirmation"]
"""What made a step: all but a renewal and a confirmation raise the revision."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(_Frozen):
    """One field's step from an old value to a new one."""

    old: Any
    new: Any


class Device(_Frozen):
    """What somebody signs in with, or asks for something with.

    Attributes:
        user_agent: The browser's own name for itself, cut to 256 characters.
        ip: The address it came from.
        tab: The tab's name, as far as it says one. It is for people to read.
    """

    user_agent: str = ""
    ip: str = ""
    tab: str = ""

    def is_same_as(self, other: Device) -> bool:
        """Tell whether another tab of the same browser could be meant."""
        return (self.user_agent, self.ip) == (other.user_agent, other.ip)


class HistoryEntry(_Frozen):
    """One step in a session's life."""

    rev: int
    at: float
    cause: Cause
    changes: dict[str, Change]
    tab: str = ""
    device: Device | None = None


class ProviderSession(_Frozen):
    """What a session is at the provider that its user came from; for the server alone."""

    subject: str
    sid: str = ""
    id_token: str = Field(default="", repr=False)
    auth_time: float = 0


class SessionRecord(_Frozen):
    """A session as the store keeps it."""

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
    device: Device = Device()
    provider_session: ProviderSession | None = None
    last_change: HistoryEntry
    version: int = 1

    @classmethod
    def read(cls, text: str) -> SessionRecord | None:
        """Read what a store kept."""
        try:
            return _read(text)
        except ValidationError:
            logger.error("A session record can't be read, so its session is over.")  # noqa: TRY400
            return None

    def as_read(self, text: str) -> SessionRecord | None:
        """Tell how the record reads when it has been written."""
        kinds = {*map(type, self.user.values()), *map(type, self.claims.values())}
        return self if kinds <= PLAIN else SessionRecord.read(text)

    @property
    def user_id(self) -> str:
        """The user's id."""
        return str(self.user["id"])

    def fields(self) -> dict[str, Any]:
        """Copy the user's fields, for others to change."""
        return _copies(self.user)

    def own_claims(self) -> dict[str, Any]:
        """Copy the app's own claims, for others to change."""
        return _copies(self.claims)

    @property
    def provider_ids(self) -> tuple[str, ...]:
        """What its provider may identify it by: the subject, and the provider's own session."""
        there = self.provider_session
        if there is None:
            return ()
        named = {"sub": there.subject, "sid": there.sid}
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
        )
        return self.model_copy(
            update={"last_seen_at": at, "last_change": entry, "version": self.version + 1} | new
        )


def _copies(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value if type(value) in PLAIN else _copy(value) for name, value in fields.items()}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return _copies(value)
    return [_copy(each) for each in value] if isinstance(value, list) else value


def provider_id(provider: str, kind: str, value: str) -> str:
    """Make one text of a provider's identifier, so that no two mean the same."""
    return json.dumps([provider, kind, value])


@lru_cache(_MOST_READ)
def _read(text: str) -> SessionRecord:
    return SessionRecord.model_validate_json(text)


def changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Change]:
    """Compare two versions of a user."""
    differ = [name for name in old.keys() | new.keys() if old.get(name) != new.get(name)]
    return {name: Change(old=old.get(name), new=new.get(name)) for name in sorted(differ)}
