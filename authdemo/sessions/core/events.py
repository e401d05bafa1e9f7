"""What happened, told to the app and to everyone who shows the session."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from .arguments import check_function
from .audit import AuditListener, log_event
from .record import Change, SessionRecord
from .utils import maybe_await

logger = logging.getLogger("authdemo.sessions")

EndReason: TypeAlias = Literal["signed-out", "revoked", "replaced", "expired", "schema_mismatch"]
Listener: TypeAlias = Callable[..., None | Awaitable[None]]

_FACTS = {
    "sign_in": ("session", "account"),
    "sign_out": ("session", "reason"),
    "session": ("session", "path"),
    "update_user": ("session", "changes"),
}
"""What each listener gets, by name."""


@dataclass(frozen=True, kw_only=True)
class Events:
    """Functions that are told after the fact (Auth.js: `events`).

    What they raise is logged and changes nothing.

    Attributes:
        sign_in: A session began. Gets `session` and `account`.
        sign_out: Somebody ended a session. Gets `session` and `reason`: `signed-out`, `revoked`
            or `replaced`. A session whose time is over, or whose user doesn't fit the app's model
            any more, is no sign-out, and only `audit` is told.
        session: A session was read by a request. Gets `session` and `path`.
        update_user: A session changed. Gets `session` and `changes`.
        audit: Something that an auditor wants to know happened. Gets an `AuditEvent`,
            in the background. By default it is written to the log.

    Raises:
        ConfigurationError: If one is no function, or can't take what it gets.
    """

    sign_in: Listener | None = None
    sign_out: Listener | None = None
    session: Listener | None = None
    update_user: Listener | None = None
    audit: AuditListener | None = log_event

    def __post_init__(self) -> None:
        """Check that each listener can take what it gets."""
        for name, keywords in _FACTS.items():
            check_function(
                f"Events({name}=...)", getattr(self, name), keywords=keywords, optional=True
            )
        check_function("Events(audit=...)", self.audit, "event", optional=True)


async def notify(listener: Listener | None, **arguments: Any) -> None:
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
    """A user has one session more."""

    user_id: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A session is over and never comes back; whose it was isn't always known."""

    sid: str
    reason: EndReason
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class TabsChanged:
    """A tab of one of the user's sessions was opened or closed."""

    user_id: str


@dataclass(frozen=True, slots=True)
class BrowserSignedIn:
    """Somebody signed in with this browser, named as nobody's tabs know it; they look again."""

    browser: str


Notice: TypeAlias = SessionBegan | SessionChanged | SessionEnded | TabsChanged | BrowserSignedIn


@dataclass(frozen=True, eq=False)
class Feed:
    """Carries notices from the transitions to whoever shows sessions."""

    _listeners: list[Callable[[Notice], None]] = field(default_factory=list, init=False)

    def subscribe(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Listen."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, notice: Notice) -> None:
        """Tell everyone."""
        for listener in tuple(self._listeners):
            listener(notice)
