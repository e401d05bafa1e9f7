"""Events: listeners of the app, and the feed of changes for the views."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from .arguments import check_function, check_functions
from .audit import AuditListener, log_event
from .callbacks import Account
from .record import Change, SessionRecord
from .utils import maybe_await

logger = logging.getLogger("authdemo.sessions")

EndReason: TypeAlias = Literal[
    "signed-out", "revoked", "deleted", "replaced", "stopped", "expired", "schema_mismatch"
]
PublicSession: TypeAlias = Mapping[str, Any]


class SignInListener(Protocol):
    """Follows sessions that begin."""

    def __call__(self, *, session: PublicSession, account: Account) -> Awaitable[None] | None: ...


class SignOutListener(Protocol):
    """Follows sessions that are ended."""

    def __call__(self, *, session: PublicSession, reason: EndReason) -> Awaitable[None] | None: ...


class SessionListener(Protocol):
    """Follows requests that read a session."""

    def __call__(self, *, session: PublicSession, path: str) -> Awaitable[None] | None: ...


class UpdateListener(Protocol):
    """Follows sessions that change."""

    def __call__(
        self, *, session: PublicSession, changes: Mapping[str, Change]
    ) -> Awaitable[None] | None: ...


@dataclass(frozen=True, kw_only=True)
class Events:
    """Listeners, which are called after something happened (Auth.js: `events`).

    An exception in a listener is logged and has no other effect.

    Attributes:
        sign_in: A session began. Gets `session` and `account`.
        sign_out: A session ended. Gets `session` and `reason`: `signed-out`, `revoked`,
            `deleted` with its user, `replaced`, or `stopped` by the administrator who acted as the
            user. A session that expires, or whose user doesn't match the user model any more,
            calls only `audit`.
        session: A request read a session. Gets `session` and `path`.
        update_user: A session changed. Gets `session` and `changes`.
        audit: Gets each `AuditEvent`, in the background. The default writes it to the log.

    Raises:
        ConfigurationError: If one isn't a function that takes these arguments.
    """

    sign_in: SignInListener | None = None
    sign_out: SignOutListener | None = None
    session: SessionListener | None = None
    update_user: UpdateListener | None = None
    audit: AuditListener | None = log_event

    def __post_init__(self) -> None:
        check_functions(self)
        check_function("Events(audit=...)", self.audit, "event", optional=True)


async def notify(listener: Callable[..., object] | None, **arguments: Any) -> None:
    """Call a listener of the app; if it fails, that is logged."""
    if listener is None:
        return
    try:
        await maybe_await(listener(**arguments))
    except Exception:
        logger.exception("An event listener failed; nothing else is affected.")


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """A session has a new revision, or a new expiry."""

    record: SessionRecord
    changes: Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class SessionBegan:
    """A session of the user began."""

    user_id: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A session ended; its user isn't always known."""

    sid: str
    reason: EndReason
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class TabsChanged:
    """A tab of one of the user's sessions was opened or closed."""

    user_id: str


@dataclass(frozen=True, slots=True)
class BrowserSignedIn:
    """A browser has another session: its anonymous tabs reload, and those of session `sid`."""

    browser: str
    sid: str = ""


Notice: TypeAlias = SessionBegan | SessionChanged | SessionEnded | TabsChanged | BrowserSignedIn


@dataclass(frozen=True, eq=False)
class Feed:
    """Passes notices of the session service to subscribers."""

    _subscribers: list[Callable[[Notice], None]] = field(default_factory=list, init=False)

    def subscribe(self, subscriber: Callable[[Notice], None]) -> Callable[[], None]:
        """Add a subscriber; returns a function that removes it."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def publish(self, notice: Notice) -> None:
        for subscriber in tuple(self._subscribers):
            subscriber(notice)
