"""How many sockets a client may have open in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ...core.errors import TooManySockets


@dataclass(frozen=True, slots=True)
class Places:
    """Counts the open sockets of each client.

    Attributes:
        most: How many each may have.
    """

    most: int
    _taken: Counter[str] = field(default_factory=Counter, init=False)

    @contextmanager
    def take(self, client: str) -> Iterator[None]:
        """Take a place for as long as a socket is open.

        Args:
            client: A session's id, or the network of an address.

        Raises:
            TooManySockets: If there is none left.
        """
        if self._taken[client] >= self.most:
            raise TooManySockets
        self._taken[client] += 1
        try:
            yield
        finally:
            self._taken[client] -= 1
            if not self._taken[client]:
                del self._taken[client]
