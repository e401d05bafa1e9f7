"""The root of all errors that this package raises on purpose, and those of the core.

Each class has a stable `code` for programs, and each instance a `message` for
people and, where one field is to blame, its name in `field`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class AuthError(Exception):
    """The root of the tree.

    Attributes:
        code: The stable, machine-readable name of the error.
        message: What happened and what to do about it; safe to show to a user. A class has the
            one for when there is no more to say.
        field: The field to blame, or None.
        reason: Which of the rules behind this `code` was broken; empty if there is one.
        values: What a catalog needs to say the same in another language.
        retry_after: Seconds after which it may go better, or None if waiting is no help.
    """

    code: ClassVar[str] = "AuthError"
    message: str = "This could not be done."
    reason: str = ""
    retry_after: int | None = None

    def __init__(
        self,
        message: str = "",
        *,
        field: str | None = None,
        reason: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """Make an error.

        Args:
            message: What happened and what to do about it; the class's own by default.
            field: The field to blame.
            reason: Which rule was broken, in one word.
            values: What the message says beside its words.
        """
        super().__init__(message or self.message)
        self.message = message or self.message
        self.field = field
        self.reason = reason or self.reason
        self.values = dict(values or {})

    def to_dict(self) -> dict[str, Any]:
        """Say the same for programs, and for catalogs of other languages.

        Returns:
            `message` and `code`, and if there are any `field`, `reason` and `values`.
        """
        more = {"reason": self.reason, "values": self.values}
        blamed = {} if self.field is None else {"field": self.field}
        found = {"message": self.message, "code": self.code, **blamed}
        return found | {name: value for name, value in more.items() if value}


_DEAD = frozenset({"expired", "life", "session", "owner"})
"""What a token can lack that this app has signed: a key or a form of another app is not here."""


class ConfigurationError(AuthError, ValueError):
    """The app is set up wrongly; it must not start."""

    code = "Configuration"


class TokenError(AuthError):
    """A token that this server must not believe."""

    code = "InvalidToken"

    @property
    def is_dead(self) -> bool:
        """Whether the token is this app's own, by its signature, and can never be good again."""
        return self.reason in _DEAD


class TokenExpired(TokenError):
    """A token that was good, but whose time is over."""

    code = "TokenExpired"


class TokenTooLarge(AuthError, ValueError):
    """The session has outgrown what a cookie can carry."""

    code = "TokenTooLarge"


class SignInError(AuthError):
    """Nobody was signed in."""

    code = "SignInError"


class CredentialsSignin(SignInError):
    """The credentials are wrong (Auth.js: `CredentialsSignin`).

    Subclass it and set `reason` to tell the sign-in page more; Auth.js calls
    that attribute `code` and puts it into the answer's query as `code`.

    Attributes:
        reason: What the page may tell the user, in one word.
    """

    code = "CredentialsSignin"
    message = "The id or the password is wrong."
    reason = "credentials"


class AccessDenied(SignInError):
    """The `sign_in` callback said no (Auth.js: `AccessDenied`)."""

    code = "AccessDenied"
    message = "You can't sign in here."


class OAuthCallbackError(SignInError):
    """A sign-in at a provider that did not go as it must (Auth.js: `OAuthCallbackError`)."""

    code = "OAuthCallbackError"


class UnknownProvider(SignInError):
    """No provider of that name is configured."""

    code = "UnknownProvider"


class TicketRejected(SignInError):
    """A sign-in ticket that is used up, too old, or another browser's."""

    code = "TicketRejected"


class SignInOutdated(SignInError):
    """A sign-in that began before the user's sessions were ended or brought in line."""

    code = "SignInOutdated"


class TooManyAttempts(SignInError):
    """The limit on failed sign-ins is reached."""

    code = "TooManyAttempts"
    message = "Too many failed attempts."

    def __init__(self, retry_after: int) -> None:
        """Make an error.

        Args:
            retry_after: Seconds until the next attempt is let in.
        """
        unit = "second" if retry_after == 1 else "seconds"
        super().__init__(
            f"{self.message} Try again in {retry_after} {unit}.",
            values={"seconds": retry_after},
        )
        self.retry_after = retry_after


class TooManyDepartures(TooManyAttempts):
    """The limit on ways to a provider is reached, whatever became of them."""

    message = "Too many sign-ins were started from your network."
    reason = "departures"


class TooManySignIns(TooManyAttempts):
    """Too many sign-ins from one address are under way, correct ones included."""

    message = "Too many sign-ins from your network are in progress."
    reason = "at_once"


class TooManyUpdates(AuthError):
    """A client updates its session faster than the operator allows."""

    code = "TooManyUpdates"

    def __init__(self, retry_after: int) -> None:
        super().__init__("Too many updates at once. Wait a moment and try again.")
        self.retry_after = retry_after


class TooManySockets(AuthError):
    """A session, or an address without one, has as many sockets open as the operator allows."""

    code = "TooManySockets"
    message = "Too many tabs are open. Close some and reload the page."


class NotAuthenticated(AuthError):
    """The call needs a session, and there is none."""

    code = "NotAuthenticated"
    message = "You are not signed in. Sign in and try again."


class UpdateRejected(AuthError):
    """An update that breaks a rule; the session stays as it was."""

    code = "UpdateRejected"


class FieldValidationError(ValueError):
    """What a field's validator raises, so that catalogs can say it in other languages.

    Attributes:
        reason: Which rule was broken, in one word.
        values: What the message says beside its words.
    """

    def __init__(self, reason: str, message: str, **values: Any) -> None:
        """Make an error.

        Args:
            reason: Which rule was broken, in one word.
            message: What goes after the field's name, like "must be text".
            **values: What the message says beside its words.
        """
        super().__init__(message)
        self.reason = reason
        self.values = values


class RevisionConflict(UpdateRejected):
    """The session has moved on since the caller read it.

    Attributes:
        rev: The session's current revision.
    """

    code = "RevisionConflict"

    def __init__(self, rev: int) -> None:
        """Make an error.

        Args:
            rev: The session's current revision.
        """
        super().__init__(
            f"The session has changed to revision {rev}. Reload it and try again.",
            values={"rev": rev},
        )
        self.rev = rev


class CallbackFailed(AuthError):
    """The app's own callback raised, or answered with what it can't; the log says what."""

    code = "CallbackFailed"

    def __init__(self, name: str) -> None:
        """Make an error.

        Args:
            name: The callback's name.
        """
        super().__init__("The app could not complete this. The session is unchanged.")
        self.name = name


class HandlerFailed(AuthError):
    """An event handler of the app raised; the log says what."""

    code = "HandlerFailed"
    message = "That did not work. Try again."


class RequestRejected(AuthError):
    """A request that did not come from this app's own pages."""

    code = "RequestRejected"
    url: str | None = None


class ConnectionLost(AuthError):
    """The tab that an event came from is gone, or its socket is."""

    code = "ConnectionLost"
    message = "The connection is lost. Reload the page."


class NotFound(AuthError):
    """There is nothing at the address that was asked for."""

    code = "NotFound"
    message = "There is nothing at this address."


class MethodNotAllowed(AuthError):
    """What is at an address doesn't take that method (RFC 9110 section 15.5.6)."""

    code = "MethodNotAllowed"
    message = "This address doesn't accept this method."

    def __init__(self, message: str = "", *, allowed: Sequence[str]) -> None:
        super().__init__(message)
        self.allowed = tuple(allowed)


class StoreUnavailable(AuthError):
    """The session store can't be reached, so nothing can be verified."""

    code = "StoreUnavailable"
    message = "Sessions can't be checked right now. Try again shortly."
    retry_after = 5
