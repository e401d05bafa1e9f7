"""Users: the app's own (Auth.js: an adapter's `getUser`, `updateUser`), and what they may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from . import callbacks as cb
from .arguments import check_function
from .audit import AuditEvent
from .errors import ConfigurationError, NotFound, UpdateRejected
from .events import SessionChanged
from .record import Change, Device, SessionRecord, UpdateResult
from .schema import U, User, read_name
from .sessions import SessionService
from .utils import KeyedLocks, public_id

FindUser: TypeAlias = Callable[[str], U | None | Awaitable[U | None]]
SaveUser: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[None] | None]


@dataclass(frozen=True, eq=False)
class UserService:
    """Finds and saves users by the app's functions, and has all sessions of a user follow.

    In turn for each user, so that no session gets back what was changed meanwhile. Another worker
    may change the user at the same time: whichever has represented the user asks again.
    """

    sessions: SessionService
    find_user: FindUser[Any] | None = None
    save_user: SaveUser | None = None
    _locks: KeyedLocks = field(default_factory=KeyedLocks, init=False)

    def __post_init__(self) -> None:
        check_function("Auth(find_user=...)", self.find_user, "user_id", optional=True)
        check_function("Auth(save_user=...)", self.save_user, "user_id", "fields", optional=True)
        if self.save_user is not None and self.find_user is None:
            raise ConfigurationError("Auth(save_user=...) needs Auth(find_user=...), too.")

    async def find(self, user_id: str) -> User | None:
        if self.find_user is None:
            raise ConfigurationError("auth.refresh and auth.impersonate need Auth(find_user=...).")
        found = await cb.call("find_user", partial(self.find_user, user_id))
        if found is None:
            return None
        user = cb.check_type("find_user", found, User)
        return self.sessions.schema.check_user("find_user", user)

    async def update(
        self,
        sid: str,
        requested: object,
        *,
        known: SessionRecord,
        if_rev: Collection[int] | None = None,
        device: Device | None = None,
    ) -> UpdateResult:
        """Save what a client changes of the user, and then change all sessions.

        Where the app saves no users, only this session changes.
        """
        names = self.sessions.schema.open_names(requested)
        update = partial(
            self.sessions.update,
            sid,
            requested,
            author="client",
            if_rev=if_rev,
            device=device,
        )
        if self.save_user is None or not names:
            return await update(known=known)
        async with self._locks.of(known.user_id):
            result = await update(before=partial(self._save, names))
            if not result.is_new:
                await self._save(names, result.record.user)
            user = await self.find(known.user_id)
            if user is not None:
                await self._represent(user, names, except_id=sid)
        return result

    async def refresh(self, user_id: str, names: AbstractSet[str] = frozenset()) -> bool:
        """Have all sessions follow, and void pending sign-ins; False if there is no such user."""
        async with self._locks.of(user_id):
            user = await self.find(user_id)
            if user is None:
                return False
            await self._represent(user, names)
            return True

    async def find_session(self, user_id: str, session_id: str) -> SessionRecord:
        """Find one of the user's sessions by its public id; another user's is not found."""
        for record in await self.sessions.list_by_user(user_id):
            if public_id(record.id) == session_id:
                return record
        raise NotFound("You don't have this session.", reason="session")

    async def rename_session(
        self, caller: SessionRecord, session_id: str, name: object, *, device: Device | None
    ) -> SessionRecord:
        """Name one of the caller's sessions; without a name it is shown by its browser."""
        caller.check_no_actor()
        if not isinstance(name, str):
            raise UpdateRejected("The name must be text.", field="name", reason="string_type")
        wanted = read_name(name) if name.strip() else ""
        found = await self.find_session(caller.user_id, session_id)
        at = self.sessions.clock()

        def amend(record: SessionRecord) -> SessionRecord | None:
            if record.name == wanted:
                return None
            new = {"name": wanted, "last_seen_at": record.last_seen_at}
            changed = {"name": Change(old=record.name, new=wanted)}
            return record.changed("rename", changed, at=at, device=device, **new)

        record = await self.sessions.amend(found.id, amend)
        if record.version != found.version:
            self.sessions.feed.publish(SessionChanged(record, {}))
            self.sessions.trail.add(AuditEvent(kind="renamed"), record=record, device=device)
        return record

    async def _save(self, names: AbstractSet[str], user: Mapping[str, Any]) -> None:
        changed = self.sessions.schema.read(user)
        fields = {name: getattr(changed, name) for name in names}
        if self.save_user is not None:
            await cb.call("save_user", partial(self.save_user, changed.id, fields))

    async def _represent(self, user: User, names: AbstractSet[str], *, except_id: str = "") -> None:
        await self.sessions.refresh(user, names=names, except_id=except_id)
        newest = await self.find(user.id)
        if newest is not None and newest != user:
            await self._represent(newest, names)
