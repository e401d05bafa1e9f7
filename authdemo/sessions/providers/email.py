"""Sign in by a link in a mail (Auth.js: the e-mail providers)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..core.arguments import check_function, shown
from ..core.errors import ConfigurationError
from .credentials import Credentials


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """A sign-in link that a visitor requests.

    Attributes:
        email: The address, as it was typed.
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
        authorize: Gets the link's `token`, and which `browser` opens it; as in `Credentials`.
        page: The page to which the link leads, and the visitor after the request.
        id: The provider's id.
        name: The provider's name for people.
        type: Always `email`.

    Raises:
        ConfigurationError: If one can't be called, or the page is no path.
    """

    send: SendLink
    page: str = "/sign-in-link"
    account_field: str = "email"
    fields: tuple[str, ...] = ()
    id: str = "email"
    name: str = "Email"
    type: str = "email"

    def __post_init__(self) -> None:
        check_function("Email(send=...)", self.send, "request")
        check_function("Email(authorize=...)", self.authorize, "credentials")
        if not self.page.startswith("/"):
            raise ConfigurationError(
                f'Email(page=...) takes the path of a page of the app, like "/sign-in-link", not '
                f"{shown(self.page)}."
            )
