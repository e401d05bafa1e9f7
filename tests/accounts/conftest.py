from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from authdemo.accounts import Accounts, Member
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
