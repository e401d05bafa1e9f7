"""How many sign-ins of one address may be under way at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import TooManySignIns
from .networks import network

MAX_AT_ONCE = 128
"""Enough for an office behind one address; the last of them waits some seconds."""

_RETRY_AFTER = 2


class CrowdLimit:
    """Bounds the sign-ins under way of each address in this process, correct ones too."""

    def __init__(self) -> None:
        """Start with none under way."""
        self._underway: Counter[str] = Counter()

    @contextmanager
    def one(self, address: str) -> Iterator[None]:
        """Let a sign-in begin.

        Args:
            address: Where it comes from.

        Raises:
            TooManySignIns: If too many from there are under way; says when to come back.
        """
        here = network(address)
        if self._underway[here] >= MAX_AT_ONCE:
            raise TooManySignIns(_RETRY_AFTER)
        self._underway[here] += 1
        try:
            yield
        finally:
            self._underway[here] -= 1
            if not self._underway[here]:
                del self._underway[here]
