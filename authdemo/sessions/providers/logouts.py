"""What a provider says when somebody has signed out there, and which sessions that ends."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.record import SessionRecord, handle


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout:
    """A verified logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4).

    Attributes:
        subject: Who has signed out; empty if only the session is named.
        sid: The provider's session that is over; empty if all of the subject's are.
        at: When it was said, by the provider's clock.
    """

    subject: str
    sid: str
    at: float

    def handle(self, provider: str) -> str:
        """Name what it is about, as stores find sessions."""
        kind, value = ("sid", self.sid) if self.sid else ("sub", self.subject)
        return handle(provider, kind, value)

    def concerns(self, record: SessionRecord, *, leeway: float) -> bool:
        """Tell whether a session that goes by that name is over.

        A session that began later is another one: so nothing is gained by sending an old
        token again.

        Args:
            record: The session.
            leeway: Seconds by which the provider's clock may differ.

        Returns:
            Whether it is meant.
        """
        there = record.provider_session
        is_theirs = there is not None and self.subject in ("", there.subject)
        return is_theirs and record.created <= self.at + leeway
