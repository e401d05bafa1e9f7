"""What `authdemo doctor` finds, in one line each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Level: TypeAlias = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is as it should be, or not.

    Attributes:
        level: `ok`; a `warning`, if it may be as it should; or an `error`.
        subject: The variable, option or service.
        meaning: What it is, and what follows from that.
        advice: What to do; empty if there is nothing to do.
    """

    level: Level
    subject: str
    meaning: str
    advice: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the finding for programs."""
        return asdict(self)


def ok(subject: str, meaning: str) -> Finding:
    """Note what is as it should be."""
    return Finding("ok", subject, meaning)


def warning(subject: str, meaning: str, advice: str) -> Finding:
    """Note what may be wrong."""
    return Finding("warning", subject, meaning, advice)


def error(subject: str, meaning: str, advice: str = "") -> Finding:
    """Note what is wrong."""
    return Finding("error", subject, meaning, advice)
