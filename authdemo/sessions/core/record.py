"""The session record: the one truth that token, JSON and view show."""

from __future__ import annotations

import logging
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

logger = logging.getLogger("authdemo.sessions")

MAX_HISTORY = 50
"""How many revisions a record remembers."""

Cause: TypeAlias = Literal["sign-in", "client", "server", "refresh"]
"""What made a revision."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(_Frozen):
    """One field's step from an old value to a new one."""

    old: Any
    new: Any


class Revision(_Frozen):
    """One step in a session's life.

    Attributes:
        rev: Its number.
        at: When it happened, in seconds since 1970.
        cause: What made it.
        changes: The fields that changed.
    """

    rev: int
    at: float
    cause: Cause
    changes: dict[str, Change]


class Device(_Frozen):
    """What signed in.

    Attributes:
        user_agent: The browser's own name for itself, cut to 256 characters.
        ip: The address it came from.
    """

    user_agent: str = ""
    ip: str = ""


class SessionRecord(_Frozen):
    """A session as the store keeps it.

    Attributes:
        id: The session's id.
        rev: The revision; every update raises it by one.
        user: The user's fields.
        claims: What the app's `jwt` callback added to the token.
        provider: The id of the provider that signed the user in.
        created: When the session began, in seconds since 1970.
        renewed: When its life was last extended.
        expires: When it ends unless it is renewed.
        ends: When it ends however much it is used.
        last_seen: When it was last used, to the nearest renewal or update.
        device: What signed in.
        history: The latest revisions, oldest first.
    """

    id: str
    rev: int
    user: dict[str, Any]
    claims: dict[str, Any] = {}
    provider: str
    created: float
    renewed: float
    expires: float
    ends: float
    last_seen: float
    device: Device = Device()
    history: tuple[Revision, ...] = ()

    @classmethod
    def read(cls, text: str | bytes) -> SessionRecord | None:
        """Read what a store kept.

        Args:
            text: The record in JSON.

        Returns:
            The record, or None if it is none: then its session is over.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            logger.error("A session record can't be read, so its session is over.")  # noqa: TRY400
            return None

    @property
    def user_id(self) -> str:
        """The user's id."""
        return str(self.user["id"])

    def revised(
        self, user: dict[str, Any], claims: dict[str, Any], *, at: float, cause: Cause
    ) -> SessionRecord:
        """Make the next revision.

        Args:
            user: The user's fields from now on.
            claims: The app's own claims from now on.
            at: The time.
            cause: What makes the revision.

        Returns:
            A record whose `rev` is one higher.
        """
        step = Revision(rev=self.rev + 1, at=at, cause=cause, changes=changes(self.user, user))
        return self.model_copy(
            update={
                "rev": step.rev,
                "user": user,
                "claims": claims,
                "last_seen": at,
                "history": (*self.history, step)[-MAX_HISTORY:],
            }
        )

    def renewed_until(self, expires: float, *, at: float) -> SessionRecord:
        """Extend the session's life, without a new revision.

        Args:
            expires: When it ends from now on, unless `ends` comes first.
            at: The time.

        Returns:
            The extended record.
        """
        end = min(expires, self.ends)
        return self.model_copy(update={"renewed": at, "expires": end, "last_seen": at})


def changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Change]:
    """Compare two versions of a user.

    Args:
        old: The fields before.
        new: The fields after.

    Returns:
        The fields that differ.
    """
    names = sorted(old.keys() | new.keys())
    return {
        name: Change(old=old.get(name), new=new.get(name))
        for name in names
        if old.get(name) != new.get(name)
    }
