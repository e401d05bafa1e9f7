"""Who has an account."""

from __future__ import annotations

from ..core.users.models import User


class Member(User):
    """A user with an account here.

    Attributes:
        role: One of the app's roles.
    """

    role: str = "user"
