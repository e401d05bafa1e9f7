"""What the command line asks for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """How to measure.

    Attributes:
        only: The names of what to measure.
        rounds: How many rounds each contender has.
        seconds: How long a round takes.
        folder: Where servers keep their data; it is on a disk, as an operator's is.
    """

    only: frozenset[str]
    rounds: int
    seconds: float
    folder: Path
