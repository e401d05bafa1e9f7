"""Sign in with something you know (Auth.js: the Credentials provider)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..core.arguments import check_function
from ..core.schema import User

Authorized: TypeAlias = User | Mapping[str, Any] | None
Authorize: TypeAlias = Callable[[Mapping[str, Any]], Authorized | Awaitable[Authorized]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Asks the app whether credentials are right.

    Attributes:
        authorize: Gets what the form sent, and returns the user, a mapping of the user's fields,
            or None; a function or a coroutine function. It may raise `CredentialsSignin` to say
            why not.
        account_field: The field that names the account; failures are counted by it. `authorize`
            gets it without the blanks around it.
        fields: The fields that the package's own sign-in page asks for.
        id: The provider's id.
        name: The provider's name for people.
        type: Always `credentials`.

    Raises:
        ConfigurationError: If `authorize` is no function that takes credentials.
    """

    authorize: Authorize
    account_field: str = "id"
    fields: tuple[str, ...] = ("id", "password")
    id: str = "credentials"
    name: str = "Credentials"
    type: str = "credentials"

    def __post_init__(self) -> None:
        """Check that `authorize` can be called."""
        check_function("Credentials(authorize=...)", self.authorize, "credentials")
