"""What can be wrong with a request as such, whoever sends it."""

from __future__ import annotations

from ...core.errors import AuthError


class MessageRefused(AuthError):
    """A request that can't be taken as it is.

    Attributes:
        status: The HTTP status that says so.
    """

    status = 400

    def __init__(
        self, message: str, status: int | None = None, *, field: str | None = None
    ) -> None:
        """Make an error.

        Args:
            message: What is wrong.
            status: The HTTP status; that of its kind by default.
            field: The field to blame.
        """
        super().__init__(message, field=field)
        if status is not None:
            self.status = status


class BodyRefused(MessageRefused):
    """A body that can't be read."""

    code = "BodyRefused"


class PreconditionRefused(MessageRefused):
    """A condition that can't be read, or never be met."""

    code = "PreconditionRefused"


class UpgradeRequired(MessageRefused):
    """A request to an address that takes WebSockets only (RFC 9110 section 15.5.22)."""

    code = "UpgradeRequired"
    status = 426


class HostRejected(MessageRefused):
    """A request that names no host, or none that the app answers for (RFC 9112 section 3.2)."""

    code = "HostRejected"
