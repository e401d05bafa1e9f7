"""A verified session, as the app's own code sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Session:
    """A verified session, as event handlers and checks see it.

    Attributes:
        user: The user, of the app's own type.
        expires: When the session ends unless it is renewed.
        rev: Its revision.
        claims: What the `jwt` callback added.
        proved: When the user last proved who they are, by signing in or by `auth.confirm`; at a
            provider, when it says that they did (`auth_time`), and in 1970 if it doesn't say.
    """

    user: Any
    expires: datetime
    rev: int
    claims: Mapping[str, Any]
    proved: datetime

    @property
    def roles(self) -> frozenset[str]:
        """The user's `roles`, or the one `role`, as far as the app's users have any."""
        one = getattr(self.user, "role", None)
        several = getattr(self.user, "roles", None)
        return frozenset(several if several is not None else [one] if one else [])
