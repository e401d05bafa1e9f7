"""Sign in with something you know (Auth.js: the Credentials provider)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..core.errors import CredentialsSignin
from ..core.users import User

Authorize: TypeAlias = Callable[[Mapping[str, Any]], User | None | Awaitable[User | None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Asks the app whether credentials are right.

    Attributes:
        authorize: Gets what the form sent, and answers with the user or None.
            It may raise `CredentialsSignin` to say why not.
        id: The provider's id.
        name: The provider's name for people.
        type: Always `credentials`.
    """

    authorize: Authorize
    id: str = "credentials"
    name: str = "Credentials"
    type: str = "credentials"


def refuse_unless(user: User | None) -> User:
    """Turn "nobody" into the error that everyone expects.

    Args:
        user: What `authorize` answered.

    Returns:
        The user.

    Raises:
        CredentialsSignin: If there is none.
    """
    if user is None:
        raise CredentialsSignin
    return user
