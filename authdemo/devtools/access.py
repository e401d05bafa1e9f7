"""Who may use the devtools: in development every user, in production those with a chosen role."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import reflex as rx

from authdemo.sessions import Auth, Session
from authdemo.sessions.errors import AccessDenied


@dataclass
class Access:
    """The roles that may use the devtools.

    Attributes:
        roles: The roles; None for everybody, as in development.
    """

    roles: frozenset[str] | None = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether this is development, where a user may try what only the server may do."""
        return self.roles is None

    def allows(self, session: Session) -> bool:
        """Tell whether a user may use the devtools."""
        return self.roles is None or not self.roles.isdisjoint(session.roles)


access = Access()


def allow(roles: Collection[str] | None) -> None:
    """Let users with these roles use the devtools, or everybody."""
    access.roles = None if roles is None else frozenset(roles)


async def require_access(state: rx.State) -> Session:
    """Find the session of the running event, if its user may use the devtools."""
    session = await Auth.installed().require_session(state)
    if not access.allows(session):
        raise AccessDenied("You don't have permission to do this.", reason="event")
    return session
