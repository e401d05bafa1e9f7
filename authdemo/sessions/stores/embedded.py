"""Sessions in one SQLite file, for an app that runs as one process."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from ..core.errors import ConfigurationError, StoreUnavailable
from ..core.record import SessionRecord
from .failures import Failures
from .trouble import Trouble

T = TypeVar("T")

_SWEEP_BATCH = 500
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    rev INTEGER NOT NULL,
    created REAL NOT NULL,
    expires REAL NOT NULL,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions (user_id);
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires);
CREATE TABLE IF NOT EXISTS tickets (
    id TEXT PRIMARY KEY,
    payload TEXT NOT NULL,
    expires REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS tickets_by_expiry ON tickets (expires);
"""


class EmbeddedStore:
    """A `SessionStore` in a SQLite file.

    Writes go through one thread and are on the disk when they are answered
    (`synchronous=FULL`). Reads are answered where they are asked: a look-up by
    primary key takes less time than handing it to a thread would.

    What fails may work the next time, as when the disk has room again. But once
    the file is found to be damaged, nothing is read or written any more.
    """

    def __init__(self, path: Path) -> None:
        """Make a store; nothing is opened yet.

        Args:
            path: The database file. It and its folder are made when missing.
        """
        self._path = path
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="session-writer")
        self._reading: sqlite3.Connection | None = None
        self._writing: sqlite3.Connection | None = None
        self._failures = Failures()
        self._reads = Trouble("Sessions can't be read.", "Sessions can be read again.")
        self._writes = Trouble("Sessions can't be saved.", "Sessions are saved again.")
        self._damaged = Trouble(
            f"The session database {path} is damaged: no session is read or saved any more. "
            "Stop the app, and mend the file or move it away to begin with no sessions."
        )
        self._file: os.stat_result | None = None

    async def open(self) -> None:
        """Open the file, or make it; see `SessionStore.open`."""
        await asyncio.get_running_loop().run_in_executor(self._writer, self._open_writing)
        self._reading = _connect(self._path)

    async def close(self) -> None:
        """Close the file; see `SessionStore.close`."""
        if self._reading is not None:
            self._reading.close()
        if self._writing is not None:
            await asyncio.get_running_loop().run_in_executor(self._writer, self._writing.close)
        self._reading = self._writing = None

    async def create(self, record: SessionRecord) -> None:
        """Keep a new session; see `SessionStore.create`."""
        row = (
            record.id,
            record.user_id,
            record.rev,
            record.created,
            record.expires,
            _text(record),
        )
        await self._write(
            lambda db: db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", row)
        )

    async def get(self, sid: str) -> SessionRecord | None:
        """Find a session; see `SessionStore.get`."""
        found = self._read("SELECT record FROM sessions WHERE id = ?", sid)
        return SessionRecord.read(found[0][0]) if found else None

    async def replace(self, record: SessionRecord, *, expected_rev: int) -> bool:
        """Put a newer record in place; see `SessionStore.replace`."""
        row = (record.rev, record.expires, _text(record), record.id, expected_rev)
        statement = "UPDATE sessions SET rev = ?, expires = ?, record = ? WHERE id = ? AND rev = ?"
        return await self._write(lambda db: db.execute(statement, row).rowcount == 1)

    async def delete(self, sid: str) -> SessionRecord | None:
        """End a session; see `SessionStore.delete`."""
        statement = "DELETE FROM sessions WHERE id = ? RETURNING record"
        found = await self._write(lambda db: db.execute(statement, (sid,)).fetchall())
        return SessionRecord.read(found[0][0]) if found else None

    async def of_user(self, user_id: str) -> list[SessionRecord]:
        """List a user's sessions; see `SessionStore.of_user`."""
        rows = self._read(
            "SELECT record FROM sessions WHERE user_id = ? ORDER BY created DESC",
            user_id,
        )
        return [record for row in rows if (record := SessionRecord.read(row[0]))]

    async def put_ticket(self, ticket: str, payload: str, *, expires: float) -> None:
        """Keep a ticket; see `SessionStore.put_ticket`."""
        row = (ticket, payload, expires)
        await self._write(lambda db: db.execute("INSERT INTO tickets VALUES (?, ?, ?)", row))

    async def take_ticket(self, ticket: str, *, now: float) -> str | None:
        """Use a ticket up; see `SessionStore.take_ticket`."""
        statement = "DELETE FROM tickets WHERE id = ? RETURNING payload, expires"
        found = await self._write(lambda db: db.execute(statement, (ticket,)).fetchall())
        return str(found[0][0]) if found and found[0][1] > now else None

    async def count_failure(self, key: str, *, at: float, expires: float) -> None:
        """Remember a failure, in memory; see `SessionStore.count_failure`."""
        self._failures.add(key, at, expires)

    async def failures(self, key: str, *, since: float) -> list[float]:
        """Tell when something failed; see `SessionStore.failures`."""
        return self._failures.after(key, since)

    async def sweep(self, now: float) -> int:
        """Forget what has expired, a batch at a time; see `SessionStore.sweep`."""
        await self._write(lambda db: db.execute("DELETE FROM tickets WHERE expires <= ?", (now,)))
        self._failures.forget(now)
        forgotten = 0
        while batch := await self._write(lambda db: _sweep_batch(db, now)):
            forgotten += batch
        return forgotten

    def _open_writing(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            self._file = self._path.stat()
            self._writing = _connect(self._path)
            self._writing.executescript(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _SCHEMA
            )
            _check_whole(self._writing)
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(
                f"The session database {self._path} can't be used ({error}). "
                "Mend the file, or move it away to begin with no sessions."
            ) from error

    def _read(self, statement: str, parameter: str) -> list[tuple[str]]:
        if self._reading is None or self._damaged.is_on:
            raise StoreUnavailable
        try:
            rows = self._reading.execute(statement, (parameter,)).fetchall()
        except sqlite3.Error as error:
            self._note(error, self._reads)
            raise StoreUnavailable from error
        self._reads.end()
        return rows

    async def _write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._commit, change)

    def _commit(self, change: Callable[[sqlite3.Connection], T]) -> T:
        if self._writing is None or self._damaged.is_on:
            raise StoreUnavailable
        try:
            self._check_in_place()
            with self._writing:
                result = change(self._writing)
        except (OSError, sqlite3.Error) as error:
            self._note(error, self._writes)
            raise StoreUnavailable(
                "Sessions can't be saved right now. Try again shortly."
            ) from error
        self._writes.end()
        return result

    def _check_in_place(self) -> None:
        """Check that a restart would find what is written now."""
        if self._file is None or not os.path.samestat(self._file, self._path.stat()):
            raise FileNotFoundError("another file is in its place")

    def _note(self, error: Exception, trouble: Trouble) -> None:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
            trouble = self._damaged
        trouble.begin(error)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=2, check_same_thread=False)


def _check_whole(db: sqlite3.Connection) -> None:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict.splitlines()[-1])


def _sweep_batch(db: sqlite3.Connection, now: float) -> int:
    statement = (
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires <= ? LIMIT ?)"
    )
    return db.execute(statement, (now, _SWEEP_BATCH)).rowcount


def _text(record: SessionRecord) -> str:
    return record.model_dump_json()
