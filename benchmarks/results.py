"""What was measured, and what was promised."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """A limit that a figure must keep.

    Attributes:
        sign: `≥`, `≤` or `<`.
        limit: The limit, in the figure's own unit.
    """

    sign: str
    limit: float

    def is_kept(self, value: float) -> bool:
        """Tell whether a figure keeps it."""
        return _SIGNS[self.sign](value, self.limit)


_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "≥": operator.ge,
    "≤": operator.le,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the results.

    Attributes:
        what: What was measured.
        value: The figure.
        unit: Its unit.
        promise: The limit that it must keep, or None.
        rate: How many a second that was, if something was done again and again.
        next_auth: What NextAuth takes or does, from and to, in the same unit; a rate if
            there is one.
        detail: How the figure came about.
    """

    what: str
    value: float
    unit: str
    promise: Promise | None = None
    rate: float | None = None
    next_auth: tuple[float, float] | None = None
    detail: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the promise is kept; None if there is none."""
        return self.promise.is_kept(self.value) if self.promise else None

    def __str__(self) -> str:
        """Write the figure as a line of text."""
        rate = f"{self.rate:,.0f}/s" if self.rate is not None else ""
        promise = f"{self.promise.sign} {self.promise.limit:g}" if self.promise else ""
        verdict = {None: "", True: "met", False: "NOT MET"}[self.is_met]
        value = f"{shown(self.value)} {self.unit}"
        return f"{self.what:46} {value:>14} {rate:>9} {promise:>8} {verdict:8} {self.detail}"


def shown(value: float) -> str:
    """Write a number with three digits that count, or all before the point."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def at_least(limit: float) -> Promise:
    """Promise that a figure isn't smaller."""
    return Promise("≥", limit)


def at_most(limit: float) -> Promise:
    """Promise that a figure isn't larger."""
    return Promise("≤", limit)


def below(limit: float) -> Promise:
    """Promise that a figure is smaller."""
    return Promise("<", limit)
