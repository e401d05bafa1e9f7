"""Changes that come at the same moment, written in one transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

from .cache import Cache
from .journal import Journal

T = TypeVar("T")
Change: TypeAlias = Callable[[sqlite3.Connection], T]

TIMEOUT = 2.0
"""How many seconds to wait for another program that writes to the same file."""

_PAUSE = 0.02
_MOST_AT_ONCE = 100


class Commits:
    """Commits changes in the order in which they come.

    Whoever waits for a change is answered when it is on the disk. Meanwhile the next
    changes gather, so that a busy app waits for the disk once for many of them.
    """

    def __init__(self, db: sqlite3.Connection, journal: Journal, cache: Cache) -> None:
        """Make a writer.

        Args:
            db: A connection in autocommit mode that never waits for a lock.
            journal: Its log.
            cache: Its records in memory; changes keep it in step.
        """
        self._db = db
        self._journal = journal
        self._cache = cache
        self._waiting: deque[tuple[Change[Any], asyncio.Future[Any]]] = deque()
        self._work: asyncio.Task[None] | None = None

    def write(self, change: Change[T]) -> asyncio.Future[T]:
        """Have something changed.

        Args:
            change: Makes the change, and must not commit it.

        Returns:
            What `change` returns, to be awaited: it is there once it is on the disk. It is an
            `sqlite3.Error` if that can't be done, `FileNotFoundError` if another file is in
            the database's place, and `NotKept` if the disk can't keep it. If one of the changes
            that are written together raises anything else, none of them is made.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, done))
        if self._work is None:
            self._work = asyncio.create_task(self._write_all())
        return done

    async def close(self) -> None:
        """Finish what has begun."""
        if self._work is not None:
            await self._work

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                count = min(len(self._waiting), _MOST_AT_ONCE)
                await self._write_together([self._waiting.popleft() for _ in range(count)])
                if self._journal.is_long:
                    await self._journal.work_off()
        finally:
            self._work = None

    async def _write_together(self, batch: list[tuple[Change[Any], asyncio.Future[Any]]]) -> None:
        try:
            self._journal.check()
            await self._begin()
            results = self._commit(change for change, _ in batch)
            await self._journal.sync()
        except Exception as error:  # noqa: BLE001 - whoever waits gets it; nobody waits for ever
            results = [error] * len(batch)
        for (_, done), result in zip(batch, results, strict=True):
            _settle(done, result)

    async def _begin(self) -> None:
        """Begin a transaction; another program may be in the midst of one."""
        now = asyncio.get_running_loop().time
        deadline = now() + TIMEOUT
        while not self._db.in_transaction:
            try:
                self._db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or now() > deadline:
                    raise
                await asyncio.sleep(_PAUSE)

    def _commit(self, changes: Iterable[Change[Any]]) -> list[Any]:
        self._cache.check()
        try:
            results = [self._try(change) for change in changes]
            self._db.execute("COMMIT")
        except Exception:
            self._cache.clear()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._cache.committed()
        return results

    def _try(self, change: Change[Any]) -> Any:
        """Make one change; that it doesn't fit what is there is no fault of the others."""
        try:
            return change(self._db)
        except sqlite3.IntegrityError as error:
            return error


def _settle(done: asyncio.Future[Any], result: Any) -> None:
    if done.done():  # whoever asked has gone
        return
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)
