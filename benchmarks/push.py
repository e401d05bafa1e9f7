"""How soon tabs get an update, and that other users don't wait meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from statistics import median

from authdemo.accounts import Accounts
from authdemo.accounts import Member as Account
from benchmarks import members as m
from benchmarks import servers
from benchmarks.apps import NAME
from benchmarks.load.channel import HttpChannel, Script
from benchmarks.load.driver import Driver, Round, driving, play
from benchmarks.load.tabs import TabChannel
from benchmarks.members import Comings, Member
from benchmarks.options import Options
from benchmarks.results import Figure, at_most, below
from benchmarks.servers import Target
from benchmarks.tabs import open_tabs

TABS = 1000
USERS = 2000
FEW = 10
READERS = 4
"""So many connections of others read their sessions meanwhile, one read after the other."""
UPDATES = 30
PASSWORD = "tutorial and more"  # noqa: S105 - of accounts that live for a minute

NAMES = ("tabs", "users", "hashing")


def measure(options: Options) -> Iterator[Figure]:
    """Measure pushes.

    Args:
        options: How; `only` names some of `NAMES`.

    Yields:
        The figures.
    """
    if options.only & {"tabs", "users"}:
        with servers.quick(options.folder / "push") as target:
            if "tabs" in options.only:
                yield from one_session_in_many_tabs(target, options.rounds)
            if "users" in options.only:
                yield from one_update_among_many_users(target)
    if "hashing" in options.only:
        yield from reads_while_passwords_are_hashed(options)


def one_session_in_many_tabs(target: Target, rounds: int) -> Iterator[Figure]:
    """Update a session that is open in a thousand tabs, while others read theirs."""
    member, *others = signed_in(target, 1 + READERS)
    with open_tabs(target, [member] * TABS) as (driver, tabs):
        readers = add_readers(driver, target, others)
        spans = [last_arrival(driver, target, member, name, tabs) for name in m.names(rounds)]
        reads = list(chain.from_iterable(reader.latencies for reader in readers))
    done = Round(sum(spans), sorted(reads))
    yield Figure(
        f"One session in {TABS:,} tabs: an update has reached all",
        median(spans) * 1e3,
        "ms",
        below(1000),
        detail=f"slowest of {rounds}: {max(spans) * 1e3:.0f} ms",
    )
    yield reads_meanwhile("Others' session reads meanwhile, p99", done)


def one_update_among_many_users(target: Target) -> Iterator[Figure]:
    """Update the session of one while few, many and again few others are connected."""
    own = signed_in(target, USERS)
    few, many = own[:FEW], own[FEW:]
    with open_tabs(target, few) as (driver, tabs):
        before = times_to_tab(driver, target, own[0], tabs[0])
        with open_tabs(target, many):
            between = times_to_tab(driver, target, own[0], tabs[0])
        after = times_to_tab(driver, target, own[0], tabs[0])
    alone, crowded = median(before + after) * 1e3, median(between) * 1e3
    yield Figure(
        f"An update among {USERS:,} users, until its tab shows it, to one among {FEW}",
        crowded / alone,
        "times",
        at_most(1.2),
        detail=f"{crowded:.1f} ms and {alone:.1f} ms, medians of {UPDATES} and {2 * UPDATES}",
    )


def seed(folder: Path, people: Sequence[Account]) -> None:
    """Give people accounts, before the app is started."""
    accounts = Accounts(f"sqlite:///{folder}/data/accounts.db")
    accounts.seed(people, PASSWORD)
    asyncio.run(accounts.open())
    accounts.close()


def reads_while_passwords_are_hashed(options: Options) -> Iterator[Figure]:
    """Let ten people sign in with passwords at once, while others read their sessions."""
    folder = options.folder / "hashing"
    people = [Account(id=user, name=NAME, email="") for user in m.users(FEW)]
    seed(folder, people)
    with servers.real(folder) as target:
        comings = Comings(m.anonymous(target.server), PASSWORD)
        others = signed_in(target, READERS, comings, people[0].id)
        reads: list[float] = []
        spent = 0.0
        for _ in range(options.rounds):
            with driving() as driver:
                readers = add_readers(driver, target, others)
                for person in people:
                    driver.add(HttpChannel(target.address, Script(comings.sign_in([person.id]))))
                spent += driver.run()
                reads += chain.from_iterable(reader.latencies for reader in readers)
    done = Round(spent, sorted(reads))
    yield reads_meanwhile(f"Session reads while {FEW} passwords are hashed, p99", done)


def signed_in(
    target: Target, count: int, comings: Comings | None = None, user: str = ""
) -> list[Member]:
    """Sign clients in, as users of their own or all as one.

    Args:
        target: The server.
        count: How many.
        comings: Who signs in; at the app without passwords by default.
        user: Who they are; by default each is another.

    Returns:
        The clients.
    """
    comings = comings or Comings(m.anonymous(target.server))
    users = [user] * count if user else m.users(count)
    play(target.address, [Script(comings.sign_in(users))])
    return list(comings.present)


def add_readers(driver: Driver, target: Target, own: Sequence[Member]) -> list[HttpChannel]:
    """Let clients read their sessions as long as others have something to do."""
    readers = [HttpChannel(target.address, Script(m.reads(member))) for member in own]
    for reader in readers:
        driver.add(reader, background=True)
    return readers


def last_arrival(
    driver: Driver, target: Target, member: Member, name: str, tabs: Sequence[TabChannel]
) -> float:
    """Update a session; return how many seconds later the last tab gets it."""
    updater = HttpChannel(target.address, Script(m.updates(member, [name])))
    driver.add(updater)
    for tab in tabs:
        tab.expect(f'"{name}"'.encode())
    driver.run()
    driver.drop(updater)
    return max(tab.latencies[-1] for tab in tabs)


def times_to_tab(driver: Driver, target: Target, member: Member, tab: TabChannel) -> list[float]:
    """Update a session again and again; return how many seconds later its tab got it."""
    return [last_arrival(driver, target, member, name, [tab]) for name in m.names(UPDATES)]


def reads_meanwhile(what: str, done: Round) -> Figure:
    """Tell how long reads took while something else went on."""
    longest = done.percentile(100) * 1e3
    detail = f"p50 {done.percentile(50) * 1e3:.1f} ms, longest of {done.count} {longest:.0f} ms"
    return Figure(what, done.percentile(99) * 1e3, "ms", below(50), detail=detail)
