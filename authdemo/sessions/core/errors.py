"""The errors that this package raises on purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

ErrorDict: TypeAlias = dict[str, Any]
"""An error in JSON: `message`, `code`, and if there are any `field`, `reason` and `values`."""


class AuthError(Exception):
    """The base class of all errors of this package.

    Attributes:
        code: The stable, machine-readable name of the error.
        message: What happened and what to do about it; safe to show to a user.
        field: The invalid field, or None.
        reason: Which rule was broken, if several have this `code`.
        values: Placeholders of the message, for translations.
        retry_after: Seconds to wait before a retry, or None if that is no use.
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
        retry_after: int | None = None,
    ) -> None:
        """Create an error; the class's own attributes are the defaults."""
        super().__init__(message or self.message)
        self.message = message or self.message
        self.field = field
        self.reason = reason or self.reason
        self.values = dict(values or {})
        self.retry_after = retry_after or self.retry_after

    def __init_subclass__(cls) -> None:
        """Derive the code of each error of this module; a subclass elsewhere inherits its code."""
        if cls.__module__ == __name__:
            cls.code = vars(cls).get("code", cls.__name__)

    def to_dict(self) -> ErrorDict:
        """Return `message` and `code`, and `field`, `reason` and `values` if there are any."""
        more = {"reason": self.reason, "values": self.values}
        field = {} if self.field is None else {"field": self.field}
        always = {"message": self.message, "code": self.code, **field}
        return always | {name: value for name, value in more.items() if value}


_AT_SIGN_IN = (
    "AccessDenied",
    "CallbackFailed",
    "CredentialsSignin",
    "MissingCSRF",
    "OAuthCallbackError",
    "Offline",
    "RequestRejected",
    "SessionRequired",
    "SignInOutdated",
    "StoreUnavailable",
    "TicketRejected",
    "TooManyAttempts",
)
"""The errors that lead to the sign-in page, and that the catalogs explain."""


def sign_in_error(query: Mapping[str, str]) -> dict[str, str]:
    """Read the error that led to the sign-in page (Auth.js: the query's `error` and `code`).

    It takes `self.router.url.query_parameters`, and returns what `explain` takes.
    """
    error = query.get("error", "")
    if error in _AT_SIGN_IN:
        return {"code": error, "reason": query.get("code", "")}
    return {"code": "Unknown"} if error else {}


_DEAD = frozenset({"expired", "life", "session", "owner"})
"""Why a token with a valid signature of this app is rejected."""


class ConfigurationError(AuthError, ValueError):
    """The app is configured wrongly, and must not start."""

    code = "Configuration"


class TokenError(AuthError):
    """A token is invalid."""

    code = "InvalidToken"

    @property
    def is_dead(self) -> bool:
        """Whether this app signed the token, and it can never be valid again."""
        return self.reason in _DEAD


class TokenTooLarge(AuthError, ValueError):
    """The session is too large for a cookie."""


class SignInError(AuthError):
    """A sign-in failed."""


class CredentialsSignin(SignInError):
    """The credentials are wrong (Auth.js: `CredentialsSignin`).

    Subclass it and set `reason` to explain more on the sign-in page, in one word; in Auth.js
    that attribute is `code`, as in the page's query. A message of the app's own is shown as it is,
    unless a catalog has a text for the reason.
    """

    message = "The id or the password is wrong."
    reason = "credentials"

    def __init__(self, message: str = "", **more: Any) -> None:
        own = {"values": {"text": message}} if message and "reason" not in more else {}
        super().__init__(message, **own | more)


class SecondFactorRequired(CredentialsSignin):
    """The credentials are right, and the user has to enter a code, too."""

    code = "CredentialsSignin"
    message = "Enter the code of your authenticator app."
    reason = "second_factor"


class AccessDenied(SignInError):
    """The `sign_in` callback denied the sign-in (Auth.js: `AccessDenied`)."""

    message = "You can't sign in here."


class OAuthCallbackError(SignInError):
    """A sign-in at a provider failed (Auth.js: `OAuthCallbackError`)."""


class ProviderTokenUnavailable(AuthError):
    """There is no valid access token for a provider's API.

    Its `reason` is `other` (the user signed in another way), `missing`, `expired`, `revoked` or
    `undecipherable`, which a new sign-in at the provider solves; or `unreachable` or `refused`.
    """

    message = "Sign in at the provider again."


class EmailSignInError(SignInError):
    """A sign-in link could not be mailed (Auth.js: `EmailSignInError`)."""

    message = "The sign-in link could not be sent. Check the address and try again."


class UnknownProvider(SignInError):
    """No provider has this id."""


class TicketRejected(SignInError):
    """A login ticket was used, has expired, or belongs to another browser."""


class SignInOutdated(SignInError):
    """A sign-in began before the user's sessions were revoked or refreshed."""


class TooManyRegistrations(AuthError):
    """The limit on registrations from one network is reached."""

    message = "Too many accounts were registered from your network. Try again later."


class TooManyAttempts(SignInError):
    """The limit on failed sign-ins, or on sign-ins from one network, is reached."""

    def __init__(
        self, retry_after: int, message: str = "Too many failed attempts.", *, reason: str = ""
    ) -> None:
        unit = "second" if retry_after == 1 else "seconds"
        super().__init__(
            f"{message} Try again in {retry_after} {unit}.",
            reason=reason,
            values={"seconds": retry_after},
            retry_after=retry_after,
        )


class TooManyUpdates(AuthError):
    """A client updates its session too fast."""

    message = "Too many updates at once. Wait a moment and try again."


class TooManySockets(AuthError):
    """A session, or an address without one, has too many open sockets."""

    message = "Too many tabs are open. Close some and reload the page."


class NotAuthenticated(AuthError):
    """The call needs a session."""

    message = "You are not signed in. Sign in and try again."


class ImpersonationRejected(AuthError):
    """An administrator can't act as a user, or can't do this as the user.

    Its `reason` is `reason` (none, or a long one), `denied`, `self`, `nested` or `unknown`; or
    `closed`, if only the user may do it.
    """

    message = "This isn't possible while you act as another user."
    reason = "closed"


class UpdateRejected(AuthError):
    """An update is invalid; the session is unchanged."""


class FieldValidationError(ValueError):
    """A field is invalid: what a validator raises, so that its message can be translated.

    Attributes:
        reason: Which rule was broken, in one word.
        values: Placeholders of the message.
    """

    def __init__(self, reason: str, message: str, **values: Any) -> None:
        """Create an error; the message follows the field's name, like "must be text"."""
        super().__init__(message)
        self.reason = reason
        self.values = values


class RevisionConflict(UpdateRejected):
    """The session has a newer revision, `rev`, than the caller expects."""

    def __init__(self, rev: int) -> None:
        message = f"The session has changed to revision {rev}. Reload it and try again."
        super().__init__(message, values={"rev": rev})
        self.rev = rev


class CallbackFailed(AuthError):
    """A callback of the app raised, or returned an invalid value; the log says what."""

    message = "The app could not complete this. The session is unchanged."


class HandlerFailed(AuthError):
    """An event handler of the app raised; the log says what."""

    message = "That did not work. Try again."


class RequestRejected(AuthError):
    """A request didn't come from this app's own pages."""

    url: str | None = None


class ConnectionLost(AuthError):
    """The tab of an event, or its socket, is closed."""

    message = "The connection is lost. Reload the page."


class NotFound(AuthError):
    """No resource has this address."""

    message = "There is nothing at this address."


class MethodNotAllowed(AuthError):
    """The address doesn't accept the method (RFC 9110 section 15.5.6)."""

    def __init__(
        self, message: str = "This address doesn't accept this method.", *, allowed: Sequence[str]
    ) -> None:
        super().__init__(message)
        self.allowed = tuple(allowed)


class StoreUnavailable(AuthError):
    """The session store can't be reached."""

    message = "Sessions can't be checked right now. Try again shortly."
    retry_after = 5
