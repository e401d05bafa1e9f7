"""What a second worker adds, when both share their sessions in Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

from benchmarks import members as m
from benchmarks import servers
from benchmarks.contest import Contender, fight, repeated
from benchmarks.options import Options
from benchmarks.results import Figure, at_least
from tests.support.redis import Redis

CONNECTIONS = 32
"""Enough that neither worker has too few of them."""

NAMES = ("workers",)


def measure(options: Options) -> Iterator[Figure]:
    """Read sessions from two workers and from one, in interleaved rounds.

    Client, workers and both Redis servers share the machine.

    Args:
        options: How.

    Yields:
        The figure.
    """
    with ExitStack() as stack:
        one, two = (_reading(stack, options, count) for count in (1, 2))
        (duels,) = fight(one, [two], rounds=options.rounds, seconds=options.seconds)
    alone = median(duel.bare.rate for duel in duels)
    yield Figure(
        "Session read: two workers with Redis, to one",
        median(duel.ratio for duel in duels),
        "times",
        at_least(1.6),
        rate=median(duel.own.rate for duel in duels),
        detail=f"one worker {alone:,.0f} a second",
    )


def _reading(stack: ExitStack, options: Options, workers: int) -> Contender:
    folder = options.folder / f"workers-{workers}"
    folder.mkdir()
    redis = stack.enter_context(Redis(folder))
    environ = {"REFLEX_REDIS_URL": redis.url, "WORKERS": str(workers)}
    target = stack.enter_context(servers.real(folder, **environ))
    own = m.members(target.server, CONNECTIONS)
    return Contender(f"{workers} workers", repeated(target, map(m.reads, own)))
