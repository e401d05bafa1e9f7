"""Sign-in and search among a million accounts, in SQLite and in PostgreSQL."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import text
from sqlmodel import Session

from authdemo.accounts import Accounts, Member
from authdemo.accounts.models import AccountRow
from benchmarks.options import Options
from benchmarks.results import Figure, at_most
from tests.support.postgresql import PostgreSQL

NAMES = ("accounts",)

COUNT = 1_000_000
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
        accounts.database.commit(_insert)


def _insert(session: Session) -> None:
    """Have the database make the rows, as `_row` makes one: a million by hand take minutes."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    numbers = "SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < :last"
    if is_sqlite:
        session.execute(text("PRAGMA cache_size = -400000"))  # of this connection alone
    name, ident = "f.name || ' ' || l.name", "lower(f.name) || '.' || i"
    email = "lower(l.name) || i || '@example.org'"
    made = {
        "id": ident,
        "folded": ident,
        "email": email,
        "email_folded": email,
        "name": name,
        "name_folded": f"lower({name})",
        "role": "CASE WHEN i % 100000 = 7 THEN 'admin' ELSE 'user' END",
    }
    row = {each: value for each, value in _row(0).model_dump().items() if each not in made}
    columns = {**made, **{each: f"CAST(:{each} AS {_type(each)})" for each in row}}
    statement = (  # of our own words alone
        f"WITH RECURSIVE numbers(i) AS ({numbers}), f(k, name) AS ({_values(_FIRST)}), "
        f"l(k, name) AS ({_values(_LAST)}) INSERT INTO accounts ({', '.join(columns)}) "
        f"SELECT {', '.join(columns.values())} FROM numbers "
        f"JOIN f ON f.k = i % {len(_FIRST)} JOIN l ON l.k = i / 7 % {len(_LAST)}"
    )
    session.execute(text(statement), {**row, "last": COUNT - 1})
    if not is_sqlite:
        session.execute(text("ANALYZE accounts"))  # as autovacuum does sooner or later


def _values(names: Sequence[str]) -> str:
    return "VALUES " + ", ".join(f"({number}, '{name}')" for number, name in enumerate(names))


def _type(column: str) -> str:
    kind: Any = AccountRow.__table__.columns[column].type  # type: ignore[attr-defined]
    return str(kind.compile())


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
