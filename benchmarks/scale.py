"""Whether the cost stays flat as the work grows."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from statistics import median

from benchmarks import members as m
from benchmarks import servers, stock
from benchmarks.apps import SWEEP
from benchmarks.contest import WARM_UP, Contender, fight, repeated
from benchmarks.load import wire
from benchmarks.load.channel import HttpChannel, Lines, Script
from benchmarks.load.driver import Round, driving, play
from benchmarks.members import Member
from benchmarks.options import Options
from benchmarks.push import READERS, add_readers, signed_in
from benchmarks.results import Figure, at_most, below
from benchmarks.servers import Target

FEW = 100
MANY = 1_000_000
DRAWS = 10_000
"""So many sessions are drawn by lot, from the few as from the many, and used in turn."""
CONNECTIONS = 16
EXPIRED = 100_000
SWEEPS = 3
"""So many times the same sessions are swept: a machine has other things to do now and then."""
LIFE = 3000.0
"""Seconds that the swept sessions live; the sweep gets a clock by which they have expired."""

NAMES = ("scale", "sweep")


def measure(options: Options) -> Iterator[Figure]:
    """Measure with few sessions and with many.

    Args:
        options: How; `only` names some of `NAMES`.

    Yields:
        The figures.
    """
    if "scale" in options.only:
        yield from few_against_many(options)
    if "sweep" in options.only:
        yield from reads_during_a_sweep(options)


def few_against_many(options: Options) -> Iterator[Figure]:
    """Read and update sessions drawn from few and from many, in interleaved rounds."""
    with ExitStack() as stack:
        few = _serve(stack, options, FEW)
        many = _serve(stack, options, MANY)
        for what, act in (("Session read", m.reads), ("Update", m.updates)):
            small = Contender(what, repeated(few[0], in_turn(few[1], act)))
            large = Contender(what, repeated(many[0], in_turn(many[1], act)))
            (duels,) = fight(small, [large], rounds=options.rounds, seconds=options.seconds)
            slower = (1 - median(duel.ratio for duel in duels)) * 100
            rates = (median(getattr(duel, n).rate for duel in duels) for n in ("bare", "own"))
            yield Figure(
                f"{what}: {MANY:,} stored sessions, to {FEW}",
                abs(slower),
                "%",
                below(20),
                detail="{:,.0f} and {:,.0f} a second".format(*rates),
            )


def reads_during_a_sweep(options: Options) -> Iterator[Figure]:
    """Read sessions while many others are forgotten, and while nothing else happens."""
    stocked = options.folder / "to-sweep"
    stock.fill(stocked, EXPIRED, life=LIFE)
    rounds = [_sweep_of(stocked, options.folder / f"sweep-{n}") for n in range(SWEEPS)]
    during, alone = zip(*rounds, strict=True)
    yield Figure(
        f"Sweeping {EXPIRED:,} expired sessions: longest session read meanwhile",
        median(map(_longest, during)),
        "ms",
        at_most(10),
        detail=f"median of {_listed(during)} ms, each of some {during[0].count:,} reads in "
        f"{during[0].seconds:.0f} s; without a sweep {_listed(alone)} ms",
    )


def _sweep_of(stocked: Path, folder: Path) -> tuple[Round, Round]:
    """Sweep a copy of a stock; tell of the reads meanwhile, and of those in as long after it."""
    stock.copy(stocked, folder / "data")
    with servers.quick(folder) as target:
        own = signed_in(target, READERS)
        readers = [Script(m.reads(each)) for each in own]
        play(target.address, readers, WARM_UP)
        during = _read_while(target, own, Script(_sweeps(target.server.host)))
        return during, play(target.address, readers, during.seconds)


def _longest(reads: Round) -> float:
    return reads.percentile(100) * 1e3


def _listed(rounds: Iterable[Round]) -> str:
    return ", ".join(f"{_longest(reads):.1f}" for reads in rounds)


def in_turn(drawn: Sequence[Member], act: Callable[[Member], Lines]) -> Iterator[Lines]:
    """Deal clients out to connections, each of which lets one after the other act once.

    Args:
        drawn: The clients.
        act: What each does, again and again.

    Returns:
        The scripts.
    """
    return (_one_each(drawn[first::CONNECTIONS], act) for first in range(CONNECTIONS))


def _one_each(own: Sequence[Member], act: Callable[[Member], Lines]) -> Lines:
    scripts = [Script(act(member)) for member in own]
    for script in cycle(scripts):
        if script.request is not None:
            script.hear((yield script.request))


def _serve(stack: ExitStack, options: Options, count: int) -> tuple[Target, list[Member]]:
    """Serve so many sessions; draw some of them, whose cookies are complete."""
    folder = options.folder / f"scale-{count}"
    draws = random.Random(count).choices(range(count), k=DRAWS)  # noqa: S311 - a fair draw
    tokens = stock.fill(folder / "data", count, wanted=draws)
    target = stack.enter_context(servers.real(folder))
    own = {number: Member(target.server.host, token) for number, token in tokens.items()}
    play(target.address, [Script(_fetch_csrf_of(own.values()))])
    return target, [own[number] for number in draws]


def _fetch_csrf_of(own: Iterable[Member]) -> Lines:
    for member in own:
        yield from m.fetches_csrf(member)


def _sweeps(host: str) -> Lines:
    path = f"{SWEEP}?within={LIFE + 60}"
    answer = yield wire.post_json(path, {"Host": host}, None)
    answer.check(b"200", f'"forgotten":{EXPIRED}}}'.encode())


def _read_while(target: Target, own: Sequence[Member], script: Script) -> Round:
    with driving(HttpChannel(target.address, script)) as driver:
        readers = add_readers(driver, target, own)
        return Round.of(readers, driver.run())
