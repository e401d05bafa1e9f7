"""The sessions of users: what works anywhere in the server, and acts for no caller."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Literal, cast

from ..core.errors import NotAuthenticated, NotFound
from ..core.events import Notice
from ..core.keys import KeyRing
from ..core.record import SessionRecord
from ..core.schema import U
from ..core.second_factor import SecondFactor
from ..core.session import ActiveSession, Session, SessionChange
from .install import ReflexEngine

logger = logging.getLogger("authdemo.sessions")


@dataclass(eq=False)
class UserSessions(Generic[U]):
    """Lists, updates and ends the sessions of any user."""

    engine: ReflexEngine

    @property
    def second_factor(self) -> SecondFactor | None:
        """What `Auth(second_factor=...)` got."""
        return self.engine.second_factor.factor

    @property
    def keys(self) -> KeyRing:
        """The keys of `AUTH_SECRET`, which encrypt and sign for one purpose each."""
        return self.engine.settings.keys

    async def sessions_of(self, user_id: str, *, history: bool = False) -> list[ActiveSession]:
        """List a user's active sessions, newest first, with their latest changes if asked for."""
        return await self.engine.sessions_of(user_id, history=history)

    async def refresh(self, user_id: str, *fields: str) -> None:
        """Update all sessions of a user from `Auth(find_user=...)`, as after a change of role.

        Call it from anywhere: every open tab follows at once, and the next event and request are
        authorized by it. If the user doesn't exist any more, the sessions end. Sign-ins in
        progress are invalid. No session is extended.

        Args:
            user_id: The user's id.
            *fields: Fields that clients may change, which follow as well. The others of them keep
                their values.

        Raises:
            ConfigurationError: If `Auth` has no `find_user`.
            CallbackFailed: If a callback raised, or `find_user` returned another type.
            UpdateRejected: If the user is too large for a token; names the largest field.

        If `find_user` raises, no session has changed. After any other error, a second call
        updates the sessions that are left.
        """
        if not await self.engine.users.refresh(user_id, frozenset(fields)):
            await self.revoke_user(user_id)

    async def update_user(self, user_id: str, /, **fields: object) -> int:
        """Update all sessions of a user, from anywhere in the server; return their number.

        Every open tab of the user follows at once. No session is extended. The server may change
        all fields but `id`.

        Raises:
            UpdateRejected: If a value is invalid, or too large for a token; names the field.

        After an error, a second call updates the sessions that are left.
        """
        updated = 0
        for record in await self.engine.sessions.list_by_user(user_id):
            with suppress(NotAuthenticated):  # it has just ended by itself
                await self.engine.sessions.update(record.id, fields, author="server", extend=False)
                updated += 1
        return updated

    async def revoke_user(
        self, user_id: str, reason: Literal["revoked", "deleted"] = "revoked"
    ) -> int:
        """End all sessions of a user and void pending sign-ins; return the number of sessions.

        Args:
            user_id: The user's id.
            reason: `deleted` has the sign-in page say that the account is deleted.

        Raises:
            StoreUnavailable: If the store can't be reached; a second call ends what is left.
        """
        return await self.engine.sessions.end_all(user_id, reason)

    async def revoke_session(self, user_id: str, session_id: str) -> None:
        """End one of a user's sessions, by its public id, unless it has ended already.

        Raises:
            StoreUnavailable: If the store can't be reached.
        """
        with suppress(NotFound):
            record = await self.engine.users.find_session(user_id, session_id)
            device = self.engine.current_device()
            await self.engine.sessions.end(record.id, "revoked", device=device)

    def on_change(self, listener: Callable[[SessionChange], None]) -> Callable[[], None]:
        """Call a listener for each change of any session, on all workers.

        A change names the user; `sessions_of` reads the sessions. Changes can be lost while Redis
        can't be reached. The listener runs in the app's event loop and must not block; its errors
        are logged. The returned function removes it.
        """

        def notify(notice: Notice) -> None:
            change = SessionChange.of(notice)
            if change is None:
                return
            try:
                listener(change)
            except Exception:
                logger.exception("A listener of auth.on_change failed.")

        return self.engine.sessions.feed.subscribe(notify)

    async def verify_token(self, token: str) -> Session[U]:
        """Verify a session token that came another way than in the app's cookie.

        Raises:
            TokenError: If it is invalid. The error says why: never show it to the token's bearer.
        """
        return self._session((await self.engine.sessions.verify(token)).record)

    def _session(self, record: SessionRecord) -> Session[U]:
        return cast("Session[U]", self.engine.session(record))
