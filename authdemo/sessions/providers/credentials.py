"""Sign in with something you know (Auth.js: the Credentials provider)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..core.arguments import check_function
from ..core.users import User

Authorize: TypeAlias = Callable[[Mapping[str, Any]], User | None | Awaitable[User | None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Asks the app whether credentials are right.

    Attributes:
        authorize: Gets what the form sent, and answers with the user or None.
            It may raise `CredentialsSignin` to say why not.
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
