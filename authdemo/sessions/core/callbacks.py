"""Callbacks: the app's decisions (Auth.js: `callbacks`)."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar
from urllib.parse import urlsplit

from .arguments import check_functions
from .errors import AuthError, CallbackFailed
from .schema import U_contra, User
from .utils import maybe_await

logger = logging.getLogger("authdemo.sessions")

MAX_ADDRESS_CHARACTERS = 8192
"""Longer callback URLs are ignored."""

_BLANK = re.compile(r"[\x00-\x20\x7f]")
_JWT_NONE = {
    "signIn": (logging.WARNING, "nobody is signed in. Does it return the token?"),
    "update": (logging.INFO, "the session ends."),
}
_REQUIRED = frozenset({"user", "expires", "rev"})

T = TypeVar("T")
Token: TypeAlias = dict[str, Any]
Trigger: TypeAlias = Literal["signIn", "update"]


@dataclass(frozen=True, slots=True)
class Account:
    """How a user signed in (Auth.js: `Account`).

    Attributes:
        provider: The provider's id.
        type: `credentials`, `oidc` or `oauth`.
        provider_account_id: The user's id at the provider; empty for `credentials`.
        profile: What the provider says about the user.
    """

    provider: str
    type: str
    provider_account_id: str = ""
    profile: Mapping[str, Any] = field(default_factory=dict)


class JwtCallback(Protocol[U_contra]):
    """Returns the token's claims, or None to end the session."""

    def __call__(
        self,
        *,
        token: Token,
        user: U_contra | None,
        account: Account | None,
        trigger: Trigger,
        session: Mapping[str, Any] | None,
    ) -> Token | None | Awaitable[Token | None]: ...


class SessionCallback(Protocol):
    """Returns the public session."""

    def __call__(
        self, *, session: dict[str, Any], token: Token
    ) -> dict[str, Any] | Awaitable[dict[str, Any]]: ...


class SignInCallback(Protocol[U_contra]):
    """Returns whether a user may sign in, or a URL to send them to."""

    def __call__(
        self, *, user: U_contra, account: Account, credentials: Mapping[str, Any]
    ) -> bool | str | Awaitable[bool | str]: ...


class RedirectCallback(Protocol):
    """Returns where to go after signing in or out."""

    def __call__(self, *, url: str, base_url: str) -> str | Awaitable[str]: ...


class ImpersonateCallback(Protocol[U_contra]):
    """Returns whether an administrator, the actor, may act as a user."""

    def __call__(self, *, actor: U_contra, user: U_contra) -> bool | Awaitable[bool]: ...


class AuthorizedCallback(Protocol):
    """Returns whether a protected page may be seen, or a URL to send the visitor to."""

    def __call__(
        self, *, path: str, session: Mapping[str, Any] | None
    ) -> bool | str | Awaitable[bool | str]: ...


@dataclass(frozen=True, kw_only=True)
class Callbacks(Generic[U_contra]):
    """The app's decisions, each a function, plain or async (Auth.js: `callbacks`).

    Attributes:
        jwt: Returns the token's claims, or None to end the session. By default the claims stay.
        session: Returns the public session; the whole session by default.
        sign_in: Returns whether a user may sign in, or a URL; True by default.
        redirect: Returns where to go afterwards; by default there, on the app's own origin.
        authorized: Returns whether a protected page may be seen, or a URL. By default all
            signed-in users may.
        impersonate: Returns whether an administrator may act as a user; by default none may. It
            is asked again whenever such a session is used: it must be quick, and say no for
            users with the same rights.

    Raises:
        ConfigurationError: If one isn't a function that takes the arguments of its protocol.
    """

    jwt: JwtCallback[U_contra] | None = None
    session: SessionCallback | None = None
    sign_in: SignInCallback[U_contra] | None = None
    redirect: RedirectCallback | None = None
    authorized: AuthorizedCallback | None = None
    impersonate: ImpersonateCallback[U_contra] | None = None

    def __post_init__(self) -> None:
        check_functions(self)

    async def ask_jwt(
        self,
        token: Token,
        *,
        trigger: Trigger,
        user: User | None = None,
        account: Account | None = None,
        session: Mapping[str, Any] | None = None,
    ) -> Token | None:
        """Ask `jwt`, which gets a copy of the claims, for the new claims; None ends the session."""
        if self.jwt is None:
            return token
        given = {"user": user, "account": account, "trigger": trigger, "session": session}
        answer = await call("jwt", self.jwt, token=deepcopy(token), **given)
        if answer is None:
            level, consequence = _JWT_NONE[trigger]
            logger.log(level, "The callback 'jwt' returned None: %s", consequence)
            return None
        return check_type("jwt", answer, dict)

    async def ask_session(self, session: dict[str, Any], token: Token) -> dict[str, Any]:
        if self.session is None:
            return session
        answer = await call("session", self.session, session=session, token=token)
        public: dict[str, Any] = check_type("session", answer, dict)
        if missing := sorted(_REQUIRED - public.keys()):
            logger.error("The callback 'session' left out %s.", ", ".join(missing))
            raise CallbackFailed
        return public

    async def ask_sign_in(
        self, user: User, account: Account, credentials: Mapping[str, Any]
    ) -> bool | str:
        if self.sign_in is None:
            return True
        answer: bool | str | None = await call(
            "sign_in", self.sign_in, user=user, account=account, credentials=credentials
        )
        if answer is None:
            why = "nobody is signed in. Does it return True?"
            logger.warning("The callback 'sign_in' returned None: %s", why)
        return answer or False

    async def ask_redirect(self, url: str, base_url: str) -> str:
        if self.redirect is None:
            return safe_redirect_url(url, base_url) or base_url
        answer = await call("redirect", self.redirect, url=url, base_url=base_url)
        return check_type("redirect", answer, str)

    async def ask_authorized(self, path: str, session: Mapping[str, Any] | None) -> bool | str:
        if self.authorized is None:
            return session is not None
        return await call("authorized", self.authorized, path=path, session=session)

    async def ask_impersonate(self, actor: User, user: User) -> bool:
        """Ask `impersonate`; if it fails, the answer is no."""
        if self.impersonate is None or actor.id == user.id:
            return False
        try:
            answer = await call("impersonate", self.impersonate, actor=actor, user=user)
        except AuthError:
            return False
        return answer is True


async def call(name: str, callback: Callable[..., T | Awaitable[T]], **arguments: Any) -> T:
    """Call a function of the app; an unexpected error becomes `CallbackFailed`."""
    try:
        return await maybe_await(callback(**arguments))
    except AuthError:
        raise
    except Exception as error:
        logger.exception("The callback %r failed; the session stays as it was.", name)
        raise CallbackFailed from error


def check_type(name: str, answer: object, kind: type[T]) -> T:
    if isinstance(answer, kind):
        return answer
    given = type(answer).__name__
    logger.error("The callback %r returned %s, not %s.", name, given, kind.__name__)
    raise CallbackFailed


def callback_path(path: str, query: str) -> str:
    """Make the callback URL of a page."""
    address = (f"{path}?{query}" if query else path).replace("\\", "%5C")
    return address if len(address) <= MAX_ADDRESS_CHARACTERS else path


def safe_redirect_url(url: str, base_url: str) -> str | None:
    """Resolve a URL as a browser would; None if it leaves the app's origin."""
    if len(url) > MAX_ADDRESS_CHARACTERS or "\\" in url or _BLANK.search(url):
        return None
    if url.startswith("/"):
        return None if _is_protocol_relative(url) else base_url + url
    try:
        target, home = urlsplit(url), urlsplit(base_url)
    except ValueError:
        return None
    is_own = target[:2] == home[:2] and bool(target.netloc)
    return url if is_own and not _is_protocol_relative(target.path) else None


def _is_protocol_relative(path: str) -> bool:
    """Whether a path begins with two slashes once its dots are resolved (URL Standard)."""
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
