"""Sign-in and search among a million accounts, in SQLite and in PostgreSQL."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import text
from sqlmodel import Session, insert

from authdemo.accounts import Accounts, Member
from authdemo.accounts.models import AccountRow
from benchmarks.options import Options
from benchmarks.results import Figure, at_most
from tests.support.postgresql import PostgreSQL

NAMES = ("accounts",)

COUNT = 1_000_000
_AT_ONCE = 100_000
_REPEATS = 40
_FIRST = (
    "Ada",
    "Alan",
    "Barbara",
    "Donald",
    "Edsger",
    "Grace",
    "Katherine",
    "Mary",
    "Radia",
    "Tim",
)
_LAST = ("Dijkstra", "Hopper", "Johnson", "Knuth", "Lee", "Liskov", "Lovelace", "Perlman", "Turing")
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

Work = Callable[[Accounts, int], Awaitable[object]]


def measure(options: Options) -> Iterator[Figure]:
    """Measure what was chosen."""
    if "accounts" not in options.only:
        return
    folder = options.folder / "accounts"
    yield from asyncio.run(_measure("SQLite", f"sqlite:///{folder}/accounts.db"))
    with PostgreSQL() as server:
        yield from asyncio.run(_measure("PostgreSQL", server.new_database()))


async def _measure(database: str, url: str) -> list[Figure]:
    _fill(url)
    with closing(Accounts(url, hasher=_CHEAP)) as accounts:
        await accounts.open()
        return [await _figure(database, what, work, accounts) for what, work in _WORK.items()]


def _fill(url: str) -> None:
    with closing(Accounts(url, hasher=_CHEAP)) as accounts:
        for start in range(0, COUNT, _AT_ONCE):
            rows = [_row(number).model_dump() for number in range(start, start + _AT_ONCE)]
            accounts.database.commit(partial(_insert, rows))
        accounts.database.commit(_analyze)


def _insert(rows: list[dict[str, Any]], session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA cache_size = -400000"))  # of this connection, while it fills
    session.execute(insert(AccountRow), rows)


def _analyze(session: Session) -> None:
    """Do what PostgreSQL's autovacuum does sooner or later."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ANALYZE accounts"))


def _row(number: int) -> AccountRow:
    first, last = _FIRST[number % len(_FIRST)], _LAST[number // 7 % len(_LAST)]
    member = Member(
        id=f"{first.lower()}.{number}",
        name=f"{first} {last}",
        email=f"{last.lower()}{number}@example.org",
        role="admin" if number % 100_000 == 7 else "user",
    )
    return AccountRow.of(member, "!")


async def _figure(database: str, what: str, work: Work, accounts: Accounts) -> Figure:
    took = []
    for number in range(_REPEATS):
        started = time.perf_counter()
        await work(accounts, number * 24_989 % COUNT)
        took.append((time.perf_counter() - started) * 1000)
    detail = f"median {statistics.median(took):.1f} ms of {_REPEATS}"
    return Figure(f"{database}: {what}", max(took), "ms", at_most(50), detail=f"slowest; {detail}")


async def _sign_in(accounts: Accounts, number: int) -> None:
    await accounts.check(_row(number).id, "a guess")


async def _exact(accounts: Accounts, number: int) -> None:
    page = await accounts.search(_row(number).id)
    assert page.members[0].id == _row(number).id


async def _address(accounts: Accounts, number: int) -> None:
    assert (await accounts.search(_row(number).email or "")).members


async def _common(accounts: Accounts, number: int) -> None:
    page = await accounts.search("abdegkmrt"[number % 9], limit=50)
    assert len(page.members) == 50


async def _common_of_role(accounts: Accounts, number: int) -> None:
    await accounts.search(_LAST[number % len(_LAST)], role="admin")


async def _deep(accounts: Accounts, number: int) -> None:
    """Go on from a page in the middle, as its cursor says."""
    near = await accounts.search(_row(number).id, limit=1)
    cursor = near.cursor or (await accounts.search(limit=1)).cursor
    assert len((await accounts.search(after=cursor)).members) == 50


async def _administrators(accounts: Accounts, _: int) -> None:
    assert len((await accounts.search(role="admin")).members) == COUNT // 100_000


_WORK: dict[str, Work] = {
    "sign-in, without hashing": _sign_in,
    "search for an id": _exact,
    "search for an e-mail address": _address,
    "search for one letter": _common,
    "search for a common name among administrators": _common_of_role,
    "list the administrators": _administrators,
    "two pages, one in the middle": _deep,
}
