"""Measures what the app promises about speed: `make bench`."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import chromium, push, throughput
from benchmarks.options import Options
from benchmarks.results import Figure

ROUNDS = 7
SECONDS = 2.0

Part = Callable[[Options], Iterator[Figure]]

PARTS: dict[str, tuple[tuple[str, ...], Part]] = {
    "Throughput": (tuple(throughput.CONTENDERS), throughput.measure),
    "Pushes": (push.NAMES, push.measure),
    "In the browser": (chromium.NAMES, chromium.measure),
}
"""The parts by their title: the names that choose them, and what measures them."""


def main() -> None:
    """Measure, and print each figure as soon as it is there."""
    chosen = _chosen()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        options = Options(chosen.only, chosen.rounds, chosen.seconds, Path(folder))
        for title, (names, measure) in PARTS.items():
            if options.only.isdisjoint(names):
                continue
            print(f"\n{title}", flush=True)
            for figure in measure(options):
                print(figure, flush=True)


def _chosen() -> argparse.Namespace:
    names = [name for own, _ in PARTS.values() for name in own]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default=",".join(names), help="some of: " + ", ".join(names))
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds each ({ROUNDS})")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of a round ({SECONDS})")
    chosen = parser.parse_args()
    chosen.only = frozenset(chosen.only.split(","))
    if unknown := chosen.only.difference(names):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return chosen


if __name__ == "__main__":
    main()
