"""What is refused about accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from authdemo.sessions import AuthError
from authdemo.sessions.errors import StoreUnavailable


class AccountRejected(AuthError):
    """An account, or a change of one, that can't be; the message is for people.

    Attributes:
        also: What is wrong with other fields.
    """

    code = "AccountRejected"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        reason: str = "",
        values: Mapping[str, Any] | None = None,
        also: Sequence[AccountRejected] = (),
    ) -> None:
        """Make an error.

        Args:
            message: What happened and what to do about it.
            field: The field to blame.
            reason: Which rule was broken, in one word.
            values: What the message says beside its words.
            also: What is wrong with other fields.
        """
        super().__init__(message, field=field, reason=reason, values=values)
        self.also = tuple(also)

    def by_field(self) -> dict[str, dict[str, Any]]:
        """Sort what is wrong by the field to blame.

        Returns:
            The facts of an error for each field; what blames no field is under `""`.
        """
        return {error.field or "": error.to_dict() for error in (*self.also[::-1], self)}


class AccountsUnavailable(StoreUnavailable):
    """No password can be checked: the database is away, or too many are waiting for it."""

    code = "AccountsUnavailable"
    message = "Accounts can't be reached right now. Try again shortly."


class MailUnavailable(AuthError):
    """A mail can't be sent now: it stays in the queue."""

    code = "MailUnavailable"
    message = "Mail can't be sent right now. Try again later."


class MailRejected(AuthError):
    """A mail can never be sent, as to an address that doesn't exist: it is dropped."""

    code = "MailRejected"


class LinkRejected(AuthError):
    """A link of a mail was used, has expired, or was replaced by a newer one."""

    code = "LinkRejected"
    message = "This link was used, has expired, or was replaced by a newer one."
