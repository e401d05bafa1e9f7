"""What waits in the store for somebody to come back with its name, and is good once.

The store keeps a hash of each name: who can read the store can do nothing with it.
"""

from __future__ import annotations

import hashlib
from typing import Generic, TypeVar

from pydantic import BaseModel

from ..basics.clock import Clock
from ..basics.ids import new_id
from ..store import SessionStore

Kind = TypeVar("Kind", bound=BaseModel)


class Once(Generic[Kind]):
    """Keeps things of one kind on every worker, each for a while and for one use."""

    def __init__(
        self, kind: type[Kind], store: SessionStore, *, seconds: float, clock: Clock
    ) -> None:
        """Begin with none.

        Args:
            kind: What they are; the name of one kind is worthless for another.
            store: Where they wait.
            seconds: How long each is good.
            clock: The clock.
        """
        self._kind = kind
        self._store = store
        self._seconds = seconds
        self._clock = clock

    async def keep(self, thing: Kind, name: str = "") -> str:
        """Keep one.

        Args:
            thing: What to keep.
            name: The name that it goes by, which nobody can guess; a new one by default.

        Returns:
            The name.
        """
        name, expires = name or new_id(), self._clock() + self._seconds
        await self._store.put_ticket(self._hash(name), thing.model_dump_json(), expires=expires)
        return name

    async def take(self, name: str) -> Kind | None:
        """Take one back; whatever the answer, it is used up.

        Args:
            name: The name that it goes by.

        Returns:
            What was kept, or None if there is no such thing, or not any more.
        """
        kept = await self._store.take_ticket(self._hash(name), now=self._clock())
        return self._kind.model_validate_json(kept) if kept else None

    def _hash(self, name: str) -> str:
        text = f"{self._kind.__name__.lower()} {name}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
