"""`results.md`: each promise, what was measured, and whether it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress

from benchmarks.machine import Machine
from benchmarks.results import Figure, shown

Results = Mapping[str, Sequence[Figure]]
"""The figures, by the title of the part that they belong to."""

_HEAD = ("", "measured", "promised", "kept", "a second", "NextAuth", "how")


def report(results: Results, machine: Machine, method: str) -> str:
    """Write the results down.

    Args:
        results: The figures.
        machine: Where they were measured.
        method: How they were measured, in a sentence.

    Returns:
        A page in Markdown.
    """
    tables = "\n\n".join(f"## {title}\n\n{_table(own)}" for title, own in results.items())
    return f"""# How fast it is

Written by `make bench` on {machine.date}, commit {machine.commit}: {machine.cores} cores
({machine.cpu}), {machine.memory} GB of memory, {machine.kernel}, Python {machine.python}.
{method}

NextAuth's figures were measured on a machine of this kind: Next 16.4, next-auth 5.0.0-beta.32,
`next start`, one process.

![This app beside NextAuth](results.svg)

{summary(results)}

{tables}
"""


def summary(results: Results) -> str:
    """Say how many promises are kept, and which are not.

    Args:
        results: The figures.

    Returns:
        Some lines.
    """
    promised = [each for own in results.values() for each in own if each.promise]
    missed = [each for each in promised if not each.is_met]
    kept = f"Promises kept: {len(promised) - len(missed)} of {len(promised)}."
    if not missed:
        return kept
    lines = [f"- {each.what}: {_value(each)}, promised {_promise(each)}" for each in missed]
    return "\n".join([f"{kept} Not kept:", "", *lines])


def _table(figures: Sequence[Figure]) -> str:
    """Write a table, without the columns that would be empty."""
    rows = list(map(_row, figures))
    used = [any(column) for column in zip(*rows, strict=True)]
    lines = (compress(row, used) for row in (_HEAD, ("---",) * len(_HEAD), *rows))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(figure: Figure) -> tuple[str, ...]:
    kept = {None: "", True: "yes", False: "**no**"}[figure.is_met]
    rate = f"{figure.rate:,.0f}" if figure.rate is not None else ""
    return (
        figure.what,
        _value(figure),
        _promise(figure),
        kept,
        rate,
        rival(figure),
        figure.detail,
    )


def _value(figure: Figure) -> str:
    return f"{shown(figure.value)} {figure.unit}"


def _promise(figure: Figure) -> str:
    return f"{figure.promise.sign} {figure.promise.limit:g}" if figure.promise else ""


def rival(figure: Figure) -> str:
    """Write what NextAuth takes or does, with its unit; nothing if that isn't known."""
    if figure.next_auth is None:
        return ""
    low, high = figure.next_auth
    span = f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"
    return span + ("/s" if figure.rate is not None else f" {figure.unit}")
