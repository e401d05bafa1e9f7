from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from authdemo.accounts import Accounts, Member
from authdemo.sessions import Auth, Settings
from authdemo.sessions.providers import KeyRing
from tests.support.house import SECRET
from tests.support.postgresql import PostgreSQL

ADA = Member(id="ada", name="Ada Lovelace", email="ada@example.org")
GRACE = Member(id="grace", name="Grace Hopper", email="grace@example.org", role="admin")
PASSWORD = "a bird in a gilded cage"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""For tests that are not about what a hash costs."""

FORM = {"id": "mary", "name": "Mary Shelley", "email": "mary@example.org", "password": PASSWORD}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/accounts.db"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.empty_database()


@pytest.fixture
def open_at() -> Iterator[Callable[..., Accounts]]:
    """Open a database, as each worker does for itself, and close it afterwards."""
    with contextlib.ExitStack() as stack:

        def open_at(url: str, **options: Any) -> Accounts:
            accounts = Accounts(url, **{"hasher": CHEAP, **options})
            return stack.enter_context(contextlib.closing(accounts))

        yield open_at


@pytest.fixture
def opened(url: str, open_at: Callable[..., Accounts]) -> Callable[..., Accounts]:
    """Open the database of either kind."""
    return partial(open_at, url)


@pytest.fixture
def accounts(opened: Callable[..., Accounts]) -> Accounts:
    """Accounts of which two are there from the beginning."""
    accounts = opened()
    accounts.seed([ADA, GRACE], PASSWORD)
    return accounts


async def all_of(accounts: Accounts) -> list[Member]:
    """List the users of a few accounts, by id."""
    page = await accounts.search()
    assert page.cursor == ""
    hidden = {"disabled", "created_at"}
    return [Member(**member.model_dump(exclude=hidden)) for member in page.members]


@dataclass
class Postbox:
    """A transport that keeps what it gets, or raises what it is given."""

    mails: list[EmailMessage] = field(default_factory=list)
    error: Exception | None = None

    async def send(self, message: EmailMessage) -> None:
        if self.error is not None:
            raise self.error
        self.mails.append(message)

    def newest(self, to: str = "") -> EmailMessage:
        return [mail for mail in self.mails if to in str(mail["To"])][-1]


@dataclass
class Office:
    """Accounts with mail in an app, and a clock that stands still."""

    accounts: Accounts
    postbox: Postbox
    auth: Auth[Member]
    now: float = 1_800_000_000.0

    def __post_init__(self) -> None:
        self.mail = replace(self.accounts.mail, clock=lambda: self.now)
        self.links = replace(self.accounts.links, _mail=self.mail, clock=lambda: self.now)
        self.accounts.mail, self.accounts.links = self.mail, self.links

    async def deliver(self) -> None:
        """Send all mails that are due, requested ones too, which wait up to a second."""
        self.now += 1
        while await self.mail.send_due() == 0:
            pass


@pytest.fixture
def open_office(opened: Callable[..., Accounts], tmp_path: Path) -> Callable[[], Any]:
    """Open accounts with mail in an app, for `async with`."""

    @contextlib.asynccontextmanager
    async def open_office() -> AsyncIterator[Office]:
        postbox = Postbox()
        accounts = opened(mail=postbox)
        accounts.seed([ADA, GRACE], PASSWORD)
        keys, folder = KeyRing([SECRET]), tmp_path / "sessions"
        settings = Settings(keys=keys, data_dir=folder, url="http://localhost:3000")
        auth = Auth(
            providers=[accounts.links.provider()],
            find_user=accounts.find,
            user=Member,
            settings=settings,
        )
        accounts.attach(auth)
        store = auth.engine.sessions.store
        await store.open()
        try:
            yield Office(accounts, postbox, auth)
        finally:
            await store.close()

    return open_office
