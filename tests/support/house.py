"""A small world of sessions: a real store in a folder, a stopped clock, open ears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from authdemo.sessions.core.audit import AuditTrail
from authdemo.sessions.core.callbacks import Account, Callbacks
from authdemo.sessions.core.errors import TokenError
from authdemo.sessions.core.events import Events, Notice, SessionBegan
from authdemo.sessions.core.keys import KeyPair, KeyRing
from authdemo.sessions.core.options import SessionOptions
from authdemo.sessions.core.record import SessionRecord
from authdemo.sessions.core.schema import User, UserSchema, UserUpdate
from authdemo.sessions.core.serializers import Serializers
from authdemo.sessions.core.sessions import SessionService
from authdemo.sessions.core.store import SessionStore
from authdemo.sessions.core.tokens import TokenCodec, Verified
from authdemo.sessions.core.users import FindUser, SaveUser, UserService
from authdemo.sessions.stores.sqlite import SQLiteStore
from authdemo.testing import FrozenClock

SECRET = "a secret for tests which everybody may know"
OTHER_SECRET = "another secret for tests that is just as well known"

HOUR = 3600
OPTIONS = SessionOptions(max_age=24 * HOUR, update_age=HOUR, absolute_age=72 * HOUR)
PASSWORD = Account("credentials", "credentials")


class Person(User):
    """A user with a role that only the server may change."""

    role: str = "user"


ADA = Person(id="ada", name="Ada Lovelace", email="ada@example.org")
GRACE = Person(id="grace", name="Grace Hopper", email="grace@example.org", role="admin")


@dataclass
class House:
    """Sessions, and what the test may look at or touch.

    Attributes:
        notices: What happened to sessions after they began.
        begun: Whose sessions began.
    """

    sessions: SessionService
    users: UserService
    store: SessionStore
    clock: FrozenClock
    notices: list[Notice] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)

    def hear(self, notice: Notice) -> None:
        if isinstance(notice, SessionBegan):
            self.begun.append(notice.user_id)
        else:
            self.notices.append(notice)

    async def sign_in(self, user: User = ADA, **more: Any) -> SessionRecord:
        return await self.sessions.begin(user, PASSWORD, **more)

    async def rename(self, record: SessionRecord, name: str) -> SessionRecord:
        return await self.update(record.id, {"name": name}, author="client")

    async def update(self, sid: str, requested: object, **more: Any) -> SessionRecord:
        return (await self.sessions.update(sid, requested, **more)).record

    async def verify(self, token: str) -> Verified | None:
        try:
            return await self.sessions.verify(token)
        except TokenError:
            return None

    def read_user(self, record: SessionRecord) -> User:
        return self.sessions.schema.read(record.user)

    async def read(self, token: str) -> dict[str, Any] | None:
        """What a bearer of this token gets to see of its user."""
        verified = await self.verify(token)
        return dict(verified.record.user) if verified else None


def build(
    folder: Path,
    *,
    clock: FrozenClock | None = None,
    callbacks: Callbacks | None = None,
    events: Events | None = None,
    options: SessionOptions = OPTIONS,
    secrets: Sequence[str] = (SECRET,),
    pairs: Sequence[KeyPair] = (),
    store: SessionStore | None = None,
    user: type[User] = Person,
    update: type[UserUpdate] = UserUpdate,
    trail: AuditTrail | None = None,
    find_user: FindUser[Any] | None = None,
    save_user: SaveUser | None = None,
) -> House:
    """Build a house; its store still has to be opened."""
    clock = clock or FrozenClock()
    store = store or SQLiteStore(folder / "sessions.db")
    keys = KeyRing(secrets, pairs)
    tokens = TokenCodec(keys, issuer="tests", max_age=options.max_age, clock=clock)
    schema, callbacks = UserSchema(user, update), callbacks or Callbacks()
    sessions = SessionService(
        store=store,
        serializers=Serializers(tokens=tokens, schema=schema, callbacks=callbacks, clock=clock),
        schema=schema,
        options=options,
        events=events or Events(),
        trail=trail or AuditTrail(),
        clock=clock,
    )
    users = UserService(sessions, find_user, save_user)
    house = House(sessions, users, store, clock)
    sessions.feed.subscribe(house.hear)
    return house
