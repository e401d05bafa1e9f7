"""Sessions in one SQLite file, for an app that runs as one process."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from ..core.errors import ConfigurationError, StoreUnavailable
from ..core.record import HistoryEntry, SessionRecord
from ..core.store import Attempt
from ..core.utils import LogOnce
from . import tables
from .attempts import SlidingWindow
from .batches import in_batches
from .cache import Cache
from .commits import TIMEOUT, Change, Commits
from .index import Index
from .journal import Journal, NotKept

T = TypeVar("T")

_SWEEP_BATCH = 20
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class EmbeddedStore:
    """A `SessionStore` in a SQLite file.

    Statements run where they are asked for: a look-up by primary key takes less time than
    handing it to a thread would. What is slow is the disk, and nobody waits for it but
    those whose changes it writes down; see `Commits`.

    What fails may work the next time, as when the disk has room again. But once the file
    is found to be damaged, or the disk did not keep what it was given, nothing is read or
    written any more.
    """

    def __init__(self, path: Path) -> None:
        """Make a store; nothing is opened yet.

        Args:
            path: The database file. It and its folder are made when missing.
        """
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._index: Index | None = None
        self._journal: Journal | None = None
        self._cache: Cache | None = None
        self._commits: Commits | None = None
        self._attempts = SlidingWindow()
        self._reads = LogOnce("Sessions can't be read.", "Sessions can be read again.")
        self._writes = LogOnce("Sessions can't be saved.", "Sessions are saved again.")
        self._damaged = LogOnce(
            f"The session database {path} is damaged: no session is read or saved any more. "
            "Stop the app, and mend the file or move it away to begin with no sessions."
        )

    def check(self) -> None:
        """Find out whether there is a file to use, before anybody is served.

        Raises:
            ConfigurationError: If there isn't; names the file and says what to do. Whether all
                of it is whole, `open` finds out, which takes its time with a large one.
        """
        try:
            with self._usable():
                self._connect()
        finally:
            _close(self._let_go())

    async def open(self) -> None:
        """Open the file, or make it; see `SessionStore.open`."""
        await asyncio.to_thread(self._open)

    async def close(self) -> None:
        """Close the file; see `SessionStore.close`."""
        commits, self._commits = self._commits, None
        if commits is not None:
            await commits.close()
        await asyncio.to_thread(_close, self._let_go())

    async def create(self, record: SessionRecord) -> None:
        """Keep a new session; see `SessionStore.create`."""
        await self._write(lambda db: tables.insert(db, record))

    async def get(self, sid: str) -> SessionRecord | None:
        """Find a session; see `SessionStore.get`."""
        if self._cache is None or self._damaged.is_on:
            raise StoreUnavailable
        known = self._cache.find(sid)
        if known is not None:
            return known
        found = self._read(tables.FIND, sid)
        record = SessionRecord.read(found[0][0]) if found else None
        if record is not None:
            self._cache.keep(record)
        return record

    async def replace(self, record: SessionRecord, *, expected: SessionRecord) -> bool:
        """Put a newer record in place; see `SessionStore.replace`."""
        text = record.model_dump_json()

        def change(db: sqlite3.Connection) -> bool:
            is_done = tables.replace(db, record, text, expected.steps)
            self._learn(record.id, record.as_read(text) if is_done else None)
            return is_done

        return await self._write(change)

    async def delete(self, sid: str) -> SessionRecord | None:
        """End a session; see `SessionStore.delete`."""

        def change(db: sqlite3.Connection) -> str | None:
            self._learn(sid, None)
            return tables.delete(db, sid)

        text = await self._write(change)
        return SessionRecord.read(text) if text is not None else None

    async def of_user(self, user_id: str) -> list[SessionRecord]:
        """List a user's sessions; see `SessionStore.of_user`."""
        rows = self._read(tables.OF_USER, user_id)
        return [record for row in rows if (record := SessionRecord.read(row[0]))]

    async def of_handle(self, handle: str) -> list[SessionRecord]:
        """List the sessions of a name; see `SessionStore.of_handle`."""
        rows = self._read(tables.OF_HANDLE, handle)
        return [record for row in rows if (record := SessionRecord.read(row[0]))]

    async def history(self, sid: str) -> list[HistoryEntry]:
        """Tell how a session came to be what it is; see `SessionStore.history`."""
        return [HistoryEntry.model_validate_json(row[0]) for row in self._read(tables.HISTORY, sid)]

    async def put_ticket(self, ticket: str, payload: str, *, expires: float) -> None:
        """Keep a ticket; see `SessionStore.put_ticket`."""
        await self._write(lambda db: tables.insert_ticket(db, ticket, payload, expires))

    async def find_ticket(self, ticket: str, *, now: float) -> str | None:
        """Read a ticket; see `SessionStore.find_ticket`."""
        found = self._read(tables.FIND_TICKET, ticket, now)
        return found[0][0] if found else None

    async def take_ticket(self, ticket: str, *, now: float) -> str | None:
        """Use a ticket up; see `SessionStore.take_ticket`."""
        return await self._write(lambda db: tables.take_ticket(db, ticket, now))

    async def begin_attempt(
        self, key: str, attempt: str, *, at: float, window: float, most: int
    ) -> list[Attempt] | None:
        """Count an attempt, in memory; see `SessionStore.begin_attempt`."""
        return self._attempts.begin(key, attempt, at=at, window=window, most=most)

    async def end_attempt(self, key: str, attempt: str, *, failed: bool) -> None:
        """Tell how an attempt ended; see `SessionStore.end_attempt`."""
        self._attempts.end(key, attempt, failed=failed)

    async def sweep(self, now: float) -> int:
        """Forget what has expired, a batch at a time; see `SessionStore.sweep`."""
        await self._write(lambda db: tables.sweep_tickets(db, now))
        self._attempts.forget(now)
        return await in_batches(lambda: self._write(self._sweep(now)))

    def _sweep(self, now: float) -> Change[tuple[int, bool]]:
        def change(db: sqlite3.Connection) -> tuple[int, bool]:
            over, living = tables.due(db, now, _SWEEP_BATCH)
            tables.postpone(db, living)
            tables.forget(db, over)
            for sid in over:
                self._learn(sid, None)
            return len(over), bool(over or living)

        return change

    def _open(self) -> None:
        with self._usable():
            db = self._connect()
            with closing(sqlite3.connect(self._path)) as other:
                tables.check(other)
            self._index = Index(self._path)
            self._journal = Journal(self._path, self._index)
            self._cache = Cache(self._index)
            self._commits = Commits(db, self._journal, self._cache)

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(
            self._path, timeout=TIMEOUT, isolation_level=None, check_same_thread=False
        )
        tables.prepare(self._db)
        return self._db

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except tables.TooNew as error:
            raise ConfigurationError(
                f"A newer version of authdemo has made the session database {self._path}. Start "
                "that version, or move the file away to begin with no sessions."
            ) from error
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(
                f"The session database {self._path} can't be used ({error}). "
                "Mend the file, or move it away to begin with no sessions."
            ) from error

    def _let_go(self) -> list[Journal | Index | sqlite3.Connection]:
        """Have nothing more to read or write; give what is to be closed, in that order."""
        parts = (self._journal, self._index, self._db)
        self._journal = self._index = self._cache = self._db = None
        return [part for part in parts if part is not None]

    def _learn(self, sid: str, record: SessionRecord | None) -> None:
        """Keep a record as everyone reads it who finds it in the file, or forget the old one."""
        if self._cache is None:
            return
        if record is None:
            self._cache.drop(sid)
        else:
            self._cache.keep(record)

    def _read(self, statement: str, *parameters: str | float) -> list[tuple[str]]:
        if self._db is None or self._damaged.is_on:
            raise StoreUnavailable
        try:
            rows = self._db.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            self._note(error, self._reads)
            raise StoreUnavailable from error
        self._reads.end()
        return rows

    async def _write(self, change: Change[T]) -> T:
        if self._commits is None or self._damaged.is_on:
            raise StoreUnavailable
        try:
            result = await self._commits.write(change)
        except (OSError, sqlite3.Error) as error:
            self._note(error, self._writes)
            raise StoreUnavailable(
                "Sessions can't be saved right now. Try again shortly."
            ) from error
        self._writes.end()
        return result

    def _note(self, error: Exception, trouble: LogOnce) -> None:
        is_damage = getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE
        if is_damage or isinstance(error, NotKept):
            trouble = self._damaged
        trouble.begin(error)


def _close(parts: Iterable[Journal | Index | sqlite3.Connection]) -> None:
    for part in parts:
        part.close()
