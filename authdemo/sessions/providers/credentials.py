"""Sign in by what the app itself checks (Auth.js: the Credentials and the e-mail providers)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..core.arguments import check_function, shown
from ..core.authentication import read_methods
from ..core.errors import ConfigurationError
from ..core.schema import User


@dataclass(frozen=True, slots=True)
class Authenticated:
    """What `Credentials(authorize=...)` may return, to say how the user authenticated.

    Attributes:
        user: The user, or a mapping of the user's fields.
        amr: The methods (RFC 8176), such as `("pwd", "otp")`.
    """

    user: User | Mapping[str, Any]
    amr: tuple[str, ...]

    def __post_init__(self) -> None:
        if read_methods(self.amr) != tuple(self.amr):
            raise ConfigurationError(
                f'Authenticated(amr=...) takes methods of RFC 8176, like ("pwd", "otp"), '
                f"not {self.amr!r}."
            )


Authorized: TypeAlias = User | Mapping[str, Any] | Authenticated | None
Authorize: TypeAlias = Callable[[Mapping[str, Any]], Authorized | Awaitable[Authorized]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Asks the app whether credentials are right.

    Attributes:
        authorize: Gets what the form sent, and returns the user, a mapping of the user's fields,
            `Authenticated(user, amr)`, or None; a function or a coroutine function. It may raise
            `CredentialsSignin` to say why not.
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
        check_function("Credentials(authorize=...)", self.authorize, "credentials")


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """A sign-in link that a visitor requests.

    Attributes:
        email: The address, as `Email(normalize=...)` returns it.
        callback_url: Where to go after signing in.
        origin: The app's origin; without `AUTH_URL` it is what the client names as host.
        language: The language that the app shows to the visitor.
        browser: Identifies the visitor's browser, as `auth.browser` does; may be empty.
    """

    email: str
    callback_url: str
    origin: str
    language: str
    browser: str


SendLink: TypeAlias = Callable[[SignInRequest], Awaitable[None] | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Email(Credentials):
    """Signs in by a link that the app mails.

    Attributes:
        send: Mails the link to the page, if the address has an account. It takes the same time
            for every address; a function or a coroutine function.
        normalize: Gets an address, and returns the one spelling by which its mails are limited;
            may raise an `AuthError`.
        authorize: Gets the link's `token`, and which `browser` opens it; as in `Credentials`.
        page: The page to which the link leads, and the visitor after the request.
        id: The provider's id.
        name: The provider's name for people.
        type: Always `email`.

    Raises:
        ConfigurationError: If one can't be called, or the page is no path.
    """

    send: SendLink
    normalize: Callable[[str], str] = str
    page: str = "/sign-in-link"
    account_field: str = "email"
    fields: tuple[str, ...] = ()
    id: str = "email"
    name: str = "Email"
    type: str = "email"

    def __post_init__(self) -> None:
        check_function("Email(send=...)", self.send, "request")
        check_function("Email(normalize=...)", self.normalize, "email")
        check_function("Email(authorize=...)", self.authorize, "credentials")
        if not self.page.startswith("/"):
            raise ConfigurationError(
                f'Email(page=...) takes the path of a page of the app, like "/sign-in-link", not '
                f"{shown(self.page)}."
            )
