"""Every error that this package raises on purpose, as one tree.

Each class has a stable `code` for programs, and each instance a `message` for
people and, where one field is to blame, its name in `field`.
"""

from __future__ import annotations

from typing import ClassVar


class AuthError(Exception):
    """The root of the tree.

    Attributes:
        code: The stable, machine-readable name of the error.
        message: What happened and what to do about it; safe to show to a user.
        field: The field to blame, or None.
        retry_after: Seconds after which it may go better, or None if waiting is no help.
    """

    code: ClassVar[str] = "AuthError"
    retry_after: int | None = None

    def __init__(self, message: str, *, field: str | None = None) -> None:
        """Make an error.

        Args:
            message: What happened and what to do about it.
            field: The field to blame.
        """
        super().__init__(message)
        self.message = message
        self.field = field


class ConfigurationError(AuthError, ValueError):
    """The app is set up wrongly; it must not start."""

    code = "Configuration"


class TokenError(AuthError):
    """A token that this server must not believe."""

    code = "InvalidToken"


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
    reason: ClassVar[str] = "credentials"

    def __init__(self, message: str = "The id or the password is wrong.") -> None:
        """Make an error.

        Args:
            message: What to tell the user.
        """
        super().__init__(message)


class AccessDenied(SignInError):
    """The `sign_in` callback said no (Auth.js: `AccessDenied`)."""

    code = "AccessDenied"


class UnknownProvider(SignInError):
    """No provider of that name is configured."""

    code = "UnknownProvider"


class TicketRefused(SignInError):
    """A sign-in ticket that is used up, too old, or another browser's."""

    code = "TicketRefused"


class TooManyAttempts(SignInError):
    """The limit on failed sign-ins is reached."""

    code = "TooManyAttempts"

    def __init__(self, retry_after: int) -> None:
        """Make an error.

        Args:
            retry_after: Seconds until the next attempt is let in.
        """
        unit = "second" if retry_after == 1 else "seconds"
        super().__init__(f"Too many failed attempts. Try again in {retry_after} {unit}.")
        self.retry_after = retry_after


class TooManyUpdates(AuthError):
    """A client updates its session faster than the operator allows."""

    code = "TooManyUpdates"

    def __init__(self, retry_after: int) -> None:
        """Make an error.

        Args:
            retry_after: Seconds until the next update is let in.
        """
        super().__init__("Too many updates at once. Wait a moment and try again.")
        self.retry_after = retry_after


class NotAuthenticated(AuthError):
    """The call needs a session, and there is none."""

    code = "NotAuthenticated"

    def __init__(self, message: str = "Nobody is signed in. Sign in and try again.") -> None:
        """Make an error.

        Args:
            message: What to tell the user.
        """
        super().__init__(message)


class UpdateRefused(AuthError):
    """An update that breaks a rule; the session stays as it was."""

    code = "UpdateRefused"


class RevisionConflict(UpdateRefused):
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
        super().__init__(f"The session is at revision {rev} by now. Read it and try again.")
        self.rev = rev


class CallbackFailed(AuthError):
    """The app's own callback raised; the cause is in the log, not in the answer."""

    code = "CallbackFailed"

    def __init__(self, name: str) -> None:
        """Make an error.

        Args:
            name: The callback's name.
        """
        super().__init__("The app could not finish this. The session is unchanged.")
        self.name = name


class RequestRefused(AuthError):
    """A request that did not come from this app's own pages.

    Attributes:
        url: Where Auth.js's client shall go, if that is who asks.
    """

    code = "RequestRefused"
    url: str | None = None


class StoreUnavailable(AuthError):
    """The session store can't be reached, so nothing can be verified."""

    code = "StoreUnavailable"
    retry_after = 5

    def __init__(
        self, message: str = "Sessions can't be checked right now. Try again shortly."
    ) -> None:
        """Make an error.

        Args:
            message: What to tell the user.
        """
        super().__init__(message)
