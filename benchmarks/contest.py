"""A contest: each contender follows the bare route in every round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.load.channel import Lines, Script
from benchmarks.load.driver import Round, play
from benchmarks.load.process import cpu_seconds
from benchmarks.results import Figure, Promise
from benchmarks.servers import Target

WARM_UP = 0.5


@dataclass(frozen=True)
class Sample:
    """One round.

    Attributes:
        rate: Exchanges a second.
        cpu: The server's time for each, in microseconds.
        p50: The median latency, in milliseconds.
        p99: The latency that 99 of 100 keep within, in milliseconds.
    """

    rate: float
    cpu: float
    p50: float
    p99: float

    @classmethod
    def of(cls, done: Round, cpu: float) -> Sample:
        """Sum a round up, in which the server was on a core for some seconds."""
        p50, p99 = (done.percentile(percent) * 1e3 for percent in (50, 99))
        return cls(done.rate, cpu / done.count * 1e6, p50, p99)


@dataclass(frozen=True)
class Contender:
    """Something that is done again and again.

    Attributes:
        what: Its name in the results.
        sample: Does it for some seconds.
        promise: The least ratio to the bare route.
        next_auth: How many a second NextAuth does, from and to.
    """

    what: str
    sample: Callable[[float], Sample]
    promise: Promise | None = None
    next_auth: tuple[float, float] | None = None


@dataclass(frozen=True)
class Duel:
    """A round of the bare route and the one that followed it."""

    bare: Sample
    own: Sample

    @property
    def ratio(self) -> float:
        """How the rates compare."""
        return self.own.rate / self.bare.rate

    @property
    def cpu_ratio(self) -> float:
        """How the rates would compare if only the server's own time counted."""
        return self.bare.cpu / self.own.cpu


def fight(
    bare: Contender, contenders: Sequence[Contender], *, rounds: int, seconds: float
) -> list[list[Duel]]:
    """Let each contender follow the bare route in every round.

    Args:
        bare: The bare route.
        contenders: The others.
        rounds: How many rounds; one more, a short one, is dropped.
        seconds: How long a round takes.

    Returns:
        The rounds of each contender.
    """
    for contender in (bare, *contenders):
        contender.sample(min(WARM_UP, seconds))
    duels: list[list[Duel]] = [[] for _ in contenders]
    for _ in range(rounds):
        for contender, own in zip(contenders, duels, strict=True):
            own.append(Duel(bare.sample(seconds), contender.sample(seconds)))
    return duels


def repeated(target: Target, lines: Iterable[Lines]) -> Callable[[float], Sample]:
    """Sample endless scripts.

    Args:
        target: The server.
        lines: The scripts; each gets a connection of its own in every round.

    Returns:
        What plays them for some seconds.
    """
    scripts = list(map(Script, lines))
    return lambda seconds: sampled(target, lambda: play(target.address, scripts, seconds))


def sampled(target: Target, run: Callable[[], Round]) -> Sample:
    """Sample one round, with what it costs the server.

    Args:
        target: The server.
        run: Plays the round.

    Returns:
        The sample.
    """
    before = cpu_seconds(target.workers)
    done = run()
    return Sample.of(done, cpu_seconds(target.workers) - before)


def figure(contender: Contender, duels: Sequence[Duel]) -> Figure:
    """Sum a contender's rounds up.

    Args:
        contender: The contender.
        duels: Its rounds.

    Returns:
        Its median ratio to the bare route, which the promise is about.
    """
    by_cpu = median(duel.cpu_ratio for duel in duels)
    samples = [duel.own for duel in duels]
    return Figure(
        contender.what,
        median(duel.ratio for duel in duels),
        "of bare",
        promise=contender.promise,
        rate=median(sample.rate for sample in samples),
        next_auth=contender.next_auth,
        detail=f"{_costs(samples)}, {by_cpu:.2f} by CPU",
    )


def of_itself(bare: Contender, samples: Sequence[Sample]) -> Figure:
    """Sum the bare route's rounds up.

    Args:
        bare: The bare route.
        samples: Its rounds.

    Returns:
        Its median rate; the ratio is 1.
    """
    rate = median(sample.rate for sample in samples)
    return Figure(bare.what, 1.0, "of bare", rate=rate, detail=_costs(samples))


def _costs(samples: Sequence[Sample]) -> str:
    p50, p99, cpu = (
        median(getattr(sample, name) for sample in samples) for name in ("p50", "p99", "cpu")
    )
    return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, {cpu:.0f} µs of CPU each"
