"""Measures what the app promises about speed: `make bench`."""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import (
    chromium,
    many_accounts,
    memory,
    micro,
    push,
    scale,
    starts,
    throughput,
    workers,
)
from benchmarks.chart import chart
from benchmarks.machine import Machine
from benchmarks.options import Options
from benchmarks.report import report, summary
from benchmarks.results import Figure

ROUNDS = 7
SECONDS = 2.0
FEWEST_ROUNDS = 5
SHORTEST_ROUND = 1.0
"""With fewer or shorter rounds nothing is written down."""
FOLDER = Path(__file__).resolve().parent

Part = Callable[[Options], Iterator[Figure]]

PARTS: dict[str, tuple[tuple[str, ...], Part]] = {
    "Throughput": (tuple(throughput.CONTENDERS), throughput.measure),
    "Pushes": (push.NAMES, push.measure),
    "In the browser": (chromium.NAMES, chromium.measure),
    "As the work grows": (scale.NAMES, scale.measure),
    "Accounts": (many_accounts.NAMES, many_accounts.measure),
    "Two workers": (workers.NAMES, workers.measure),
    "Memory": (memory.NAMES, memory.measure),
    "Start": (starts.NAMES, starts.measure),
    "Single functions": (micro.NAMES, micro.measure),
}
"""The parts by their title: the names that choose them, and what measures them."""

ALL = tuple(name for own, _ in PARTS.values() for name in own)


def main() -> None:
    """Measure, print each figure as soon as it is there, and write them down if they are all."""
    chosen = _chosen()
    _allow_many_connections()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        options = Options(chosen.only, chosen.rounds, chosen.seconds, Path(folder))
        results = measure(options)
    print(f"\n{summary(results)}")
    if options.only.issuperset(ALL) and _is_long_enough(options):
        _write_down(results, options)


def measure(options: Options) -> dict[str, list[Figure]]:
    """Measure what was chosen.

    Args:
        options: How; `only` names some of `ALL`.

    Returns:
        The figures, by the title of their part.
    """
    results: dict[str, list[Figure]] = {}
    for title, (names, part) in PARTS.items():
        if options.only.isdisjoint(names):
            continue
        print(f"\n{title}", flush=True)
        results[title] = []
        for figure in part(options):
            print(figure, flush=True)
            results[title].append(figure)
    return results


def _write_down(results: dict[str, list[Figure]], options: Options) -> None:
    method = (
        "Client and server share the machine; rates are medians of "
        f"{options.rounds} interleaved rounds of {options.seconds:g} s, "
        f"over {throughput.CONNECTIONS} connections. Every route, the bare one too, is asked with "
        "the headers that Chromium sends, and with cookies."
    )
    (FOLDER / "results.md").write_text(report(results, Machine.here(), method))
    every = [figure for own in results.values() for figure in own]
    (FOLDER / "results.svg").write_text(chart(every))


def _is_long_enough(options: Options) -> bool:
    return options.rounds >= FEWEST_ROUNDS and options.seconds >= SHORTEST_ROUND


def _allow_many_connections() -> None:
    """Open as many files as the system lets us; the servers inherit that."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default=",".join(ALL), help="some of: " + ", ".join(ALL))
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds each ({ROUNDS})")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of a round ({SECONDS})")
    chosen = parser.parse_args()
    chosen.only = frozenset(chosen.only.split(","))
    if unknown := chosen.only.difference(ALL):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    return chosen


if __name__ == "__main__":
    main()
