"""The app's say in what happens: Auth.js's callbacks."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, TypeAlias, TypeVar
from urllib.parse import urlsplit

from .arguments import check_function
from .errors import AuthError, CallbackFailed
from .users import User
from .utils import maybe_await

logger = logging.getLogger("authdemo.sessions")

MAX_ADDRESS_CHARACTERS = 8192
"""What an address may hold that a visitor is led back to."""

_BLANK = re.compile(r"[\x00-\x20\x7f]")
_NONE = {
    "signIn": (logging.WARNING, "nobody is signed in. Does it return the token?"),
    "update": (logging.INFO, "the session ends."),
}
_ALWAYS_SHOWN = frozenset({"user", "expires", "rev"})

T = TypeVar("T")
Token: TypeAlias = dict[str, Any]
Trigger: TypeAlias = Literal["signIn", "update"]


@dataclass(frozen=True, slots=True)
class Account:
    """How somebody signed in (Auth.js: `Account`).

    Attributes:
        provider: The provider's id.
        type: The provider's kind: `credentials`, `oidc` or `oauth`.
        provider_account_id: Whom the provider means; empty if it is the app itself.
        profile: What the provider says of them.
    """

    provider: str
    type: str
    provider_account_id: str = ""
    profile: Mapping[str, Any] = field(default_factory=dict)


def default_jwt(
    *,
    token: Token,
    user: User | None,
    account: Account | None,
    trigger: Trigger | None,
    session: Mapping[str, Any] | None,
) -> Token | None:
    """Leave the token's claims as they are."""
    return token


def default_session(*, session: dict[str, Any], token: Token) -> dict[str, Any]:
    """Show the session as it is."""
    return session


def default_sign_in(*, user: User, account: Account, credentials: Mapping[str, Any]) -> bool | str:
    """Let everyone in who has proved who they are."""
    return True


def default_redirect(*, url: str, base_url: str) -> str:
    """Stay on the app's own origin."""
    return safe_redirect_url(url, base_url) or base_url


def default_authorized(*, path: str, session: Mapping[str, Any] | None) -> bool | str:
    """Open protected pages to everyone who is signed in."""
    return session is not None


@dataclass(frozen=True, kw_only=True)
class Callbacks:
    """The app's decisions, each a function, plain or async (Auth.js: `callbacks`).

    Attributes:
        jwt: Decides what the token says; see `default_jwt`.
        session: Decides what others see of it; see `default_session`.
        sign_in: Decides who gets in; see `default_sign_in`.
        redirect: Decides where to go afterwards; see `default_redirect`.
        authorized: Decides who sees a protected page; see `default_authorized`.

    Raises:
        ConfigurationError: If one is no function, or can't take what it is called with.
    """

    jwt: Callable[..., Token | None | Awaitable[Token | None]] = default_jwt
    session: Callable[..., dict[str, Any] | Awaitable[dict[str, Any]]] = default_session
    sign_in: Callable[..., bool | str | Awaitable[bool | str]] = default_sign_in
    redirect: Callable[..., str | Awaitable[str]] = default_redirect
    authorized: Callable[..., bool | str | Awaitable[bool | str]] = default_authorized

    def __post_init__(self) -> None:
        """Check that each can be called as its default is."""
        for each in fields(self):
            parameters = inspect.signature(each.default).parameters  # type: ignore[arg-type]
            check_function(
                f"Callbacks({each.name}=...)", getattr(self, each.name), keywords=parameters
            )

    @cached_property
    def own(self) -> frozenset[str]:
        """The names of those that are the app's own, and no defaults.

        A default answers at once and can't fail, so the busiest of them are not asked by `call`.
        """
        every = fields(self)
        return frozenset(
            each.name for each in every if getattr(self, each.name) is not each.default
        )

    async def ask_jwt(
        self,
        token: Token,
        *,
        trigger: Trigger,
        user: User | None = None,
        account: Account | None = None,
        session: Mapping[str, Any] | None = None,
    ) -> Token | None:
        """Ask `jwt` what the token says.

        Args:
            token: The claims; an app's own callback gets a copy, which it may change.
            trigger: `signIn` or `update`.
            user: Who signs in; None but at sign-in.
            account: How they sign in; None but at sign-in.
            session: The accepted changes; None but at an update.

        Returns:
            The claims from now on, or None to end the session.

        Raises:
            CallbackFailed: If the callback raised, or answered with neither.
        """
        if "jwt" not in self.own:
            return token
        answer = await call(
            "jwt",
            self.jwt,
            token=deepcopy(token),
            user=user,
            account=account,
            trigger=trigger,
            session=session,
        )
        if answer is None:
            level, consequence = _NONE[trigger]
            logger.log(level, "The callback 'jwt' answered None: %s", consequence)
            return None
        return typed("jwt", answer, dict)

    async def ask_session(
        self, session: dict[str, Any], token: Callable[[], Token]
    ) -> dict[str, Any]:
        """Ask `session` what others see of a session.

        Args:
            session: The public session; a default shows it as it is.
            token: Makes the token's claims, which only an app's own callback looks at.

        Returns:
            What everyone who asks for the session gets.

        Raises:
            CallbackFailed: If the callback raised, or answered with no session.
        """
        if "session" not in self.own:
            return session
        answer = await call("session", self.session, session=session, token=token())
        shown: dict[str, Any] = typed("session", answer, dict)
        if missing := sorted(_ALWAYS_SHOWN - shown.keys()):
            logger.error("The callback 'session' left out %s.", ", ".join(missing))
            raise CallbackFailed("session")
        return shown

    async def ask_sign_in(
        self, user: User, account: Account, credentials: Mapping[str, Any]
    ) -> bool | str:
        """Ask `sign_in`, which takes and answers what `default_sign_in` does.

        Raises:
            CallbackFailed: If the callback raised.
        """
        answer: bool | str | None = await call(
            "sign_in", self.sign_in, user=user, account=account, credentials=credentials
        )
        if answer is None:
            logger.warning(
                "The callback 'sign_in' answered None: nobody is signed in. Does it return True?"
            )
        return answer or False

    async def ask_redirect(self, url: str, base_url: str) -> str:
        """Ask `redirect`, which takes and answers what `default_redirect` does.

        Raises:
            CallbackFailed: If the callback raised, or answered with no text.
        """
        answer = await call("redirect", self.redirect, url=url, base_url=base_url)
        return typed("redirect", answer, str)

    async def ask_authorized(self, path: str, session: Mapping[str, Any] | None) -> bool | str:
        """Ask `authorized`, which takes and answers what `default_authorized` does.

        Raises:
            CallbackFailed: If the callback raised.
        """
        if "authorized" not in self.own:
            return default_authorized(path=path, session=session)
        return await call("authorized", self.authorized, path=path, session=session)


async def call(name: str, callback: Callable[..., T | Awaitable[T]], **arguments: Any) -> T:
    """Call a callback of the app."""
    try:
        return await maybe_await(callback(**arguments))
    except AuthError:
        raise
    except Exception as error:
        logger.exception("The callback %r failed; the session stays as it was.", name)
        raise CallbackFailed(name) from error


def typed(name: str, answer: object, kind: type[T]) -> T:
    """Take what a callback answered, if it is what it should be."""
    if isinstance(answer, kind):
        return answer
    given = type(answer).__name__
    logger.error("The callback %r answered with %s, not with %s.", name, given, kind.__name__)
    raise CallbackFailed(name)


def own_address(path: str, query: str) -> str:
    """Spell the address that a visitor is led back to: the page that they are led away from."""
    address = (f"{path}?{query}" if query else path).replace("\\", "%5C")
    return address if len(address) <= MAX_ADDRESS_CHARACTERS else path


def safe_redirect_url(url: str, base_url: str) -> str | None:
    """Read an address the way a browser would, if it stays at home."""
    if len(url) > MAX_ADDRESS_CHARACTERS or "\\" in url or _BLANK.search(url):
        return None
    if url.startswith("/"):
        return None if _is_protocol_relative(url) else base_url + url
    try:
        target, home = urlsplit(url), urlsplit(base_url)
    except ValueError:
        return None
    if (target.scheme, target.netloc) != (
        home.scheme,
        home.netloc,
    ) or not target.netloc:
        return None
    return None if _is_protocol_relative(target.path) else url


def _is_protocol_relative(path: str) -> bool:
    """Tell whether a path would name a host as soon as it stands without its origin.

    That is so if it begins with two slashes once its dots are resolved (URL Standard, "path
    state").
    """
    left: list[str] = []
    for part in path.partition("?")[0].partition("#")[0].split("/")[1:]:
        match part.lower().replace("%2e", "."):
            case ".":
                continue
            case "..":
                left = left[:-1]
            case _:
                left.append(part)
    return len(left) > 1 and not left[0]
