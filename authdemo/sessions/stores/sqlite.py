"""The embedded store: sessions in one SQLite file that one process owns."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeAlias

from ..core.errors import ConfigurationError, StoreUnavailable
from ..core.record import MAX_HISTORY, HistoryEntry, SessionRecord
from ..core.store import Attempt, Ordered
from ..core.utils import LogOnce, make_data_folder

LOCK_TRIES = 100  # in 5 seconds: another process may be about to stop, as at a restart
BUSY_TIMEOUT = 2.0  # seconds: another program may write, such as one that repairs the file
BATCH_SIZE = 100
SWEEP_BATCH_SIZE = 20
CHECKPOINT_PAGES = 8_000
MAX_CACHED = 16_384
MAX_ATTEMPT_KEYS = 100_000

_PERMANENT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR_FSYNC}
_VERSION = 6
_ADD_TO_HISTORY = """
WHEN json_valid(NEW.record) AND json_type(NEW.record, '$.last_change') = 'object'
BEGIN INSERT OR REPLACE INTO history
VALUES (NEW.id, NEW.version, json_extract(NEW.record, '$.last_change')); END;
"""
_SCHEMA = f"""
CREATE TABLE sessions (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, version INTEGER NOT NULL,
    created REAL NOT NULL, due REAL NOT NULL, record TEXT NOT NULL) STRICT;
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_when_due ON sessions (due);
CREATE TABLE history (sid TEXT NOT NULL, version INTEGER NOT NULL, entry TEXT NOT NULL,
    PRIMARY KEY (sid, version)) STRICT, WITHOUT ROWID;
CREATE TRIGGER history_begins AFTER INSERT ON sessions {_ADD_TO_HISTORY}
CREATE TRIGGER history_goes_on AFTER UPDATE OF record ON sessions {_ADD_TO_HISTORY}
CREATE TRIGGER history_is_bounded AFTER INSERT ON history WHEN NEW.version % 10 = 0
BEGIN DELETE FROM history WHERE sid = NEW.sid AND version <= NEW.version - {MAX_HISTORY}; END;
CREATE TABLE provider_ids (provider_id TEXT NOT NULL, sid TEXT NOT NULL,
    PRIMARY KEY (provider_id, sid)) STRICT, WITHOUT ROWID;
CREATE INDEX provider_ids_of_session ON provider_ids (sid);
CREATE TRIGGER session_ends AFTER DELETE ON sessions
BEGIN DELETE FROM history WHERE sid = OLD.id; DELETE FROM provider_ids WHERE sid = OLD.id; END;
CREATE TABLE one_time (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires REAL NOT NULL) STRICT;
CREATE INDEX one_time_by_expiry ON one_time (expires);
PRAGMA user_version={_VERSION};
"""  # noqa: S608 - of our own words

_HISTORY = "SELECT entry FROM history WHERE sid = ? ORDER BY version DESC LIMIT ?"
_OF_USER = "SELECT record FROM sessions WHERE user_id = ? ORDER BY created DESC"
_OF_PROVIDER_ID = "SELECT record FROM provider_ids JOIN sessions ON id = sid WHERE provider_id = ?"
_REPLACE = "UPDATE sessions SET version = ?, record = ? WHERE id = ? AND version = ?"
_DELETE = "DELETE FROM sessions WHERE id = ? RETURNING record"
# `due` only says when to look whether a session has expired: an update needn't touch its index.
_DUE = """
SELECT id, CAST(iif(json_valid(record), json_extract(record, '$.expires_at'), 0) AS REAL)
FROM sessions WHERE due <= ? LIMIT ?
"""
_CONSUME = "DELETE FROM one_time WHERE key = ? RETURNING value, expires"

Change: TypeAlias = Callable[[sqlite3.Connection], Any]
Records: TypeAlias = Mapping[str, SessionRecord | None]
Settle: TypeAlias = Callable[[Sequence[Any], Sequence[Any]], None]


class _Write(NamedTuple):
    """A change to commit, the records after it (None: gone), and its result when it is durable."""

    change: Change
    records: Records
    done: asyncio.Future[Any]


@dataclass(eq=False)
class SQLiteStore:
    """A `SessionStore` in a SQLite file; it and its folder are made when missing.

    One thread commits all pending changes in one transaction. They are acknowledged when SQLite
    has synced the disk. What fails may work the next time, as when the disk has room again; but
    once the file is damaged or a sync has failed, nothing is read or written any more.

    Decision: a read answers with the newest *durable* record, also while a newer one waits for
    the disk. So nobody acts on what a crash could take back, and no read waits for the disk.
    Only changes build on records that aren't durable yet: they are committed, or fail, with those.
    """

    path: Path

    def __post_init__(self) -> None:
        self._file: _File | None = None
        self._pending: dict[str, _Write] = {}
        self._cache: OrderedDict[str, SessionRecord] = OrderedDict()
        self._attempts: OrderedDict[str, tuple[float, dict[str, Attempt]]] = OrderedDict()
        self._reads = LogOnce("Sessions can't be read.", "Sessions can be read again.")
        self._writes = LogOnce("Sessions can't be saved.", "Sessions are saved again.")
        self._damage = LogOnce(
            f"The session database {self.path} is damaged: no session is read or saved any more. "
            "Stop the app, and mend the file or move it away to begin with no sessions."
        )

    def check(self) -> None:
        """Raise a `ConfigurationError` before a start if the file can't be used."""
        _File(self.path).close()

    async def open(self) -> None:
        """Open or make the file, as its only owner."""
        self._file = await asyncio.to_thread(_File, self.path, self._settle)

    async def close(self) -> None:
        if file := self._file:
            self._file = None
            await asyncio.to_thread(file.close)
        self._cache.clear()

    async def create(self, record: SessionRecord) -> None:
        await self._write(_insert(record))

    async def get(self, sid: str) -> SessionRecord | None:
        record = None if self._damage.is_failing else self._cache.get(sid)
        if record is None:
            found = self._read("SELECT record FROM sessions WHERE id = ?", sid)
            record = SessionRecord.parse(found[0][0]) if found else None
        if record is not None:
            self._remember(record)
        return record

    async def newest(self, sid: str, *, known: SessionRecord | None = None) -> Ordered:
        if pending := self._pending.get(sid):
            return Ordered(pending.records[sid], pending.done)
        return Ordered(known or await self.get(sid))

    async def replace(self, record: SessionRecord, *, expected: SessionRecord) -> Ordered | None:
        newest, text = (await self.newest(record.id)).record, record.model_dump_json()
        if newest is None or newest.version != expected.version:
            return None

        def replace(db: sqlite3.Connection) -> None:
            if (
                db.execute(_REPLACE, (record.version, text, record.id, expected.version)).rowcount
                != 1
            ):
                raise sqlite3.IntegrityError("the record that it was made from isn't there")

        kept = record.parsed(text)
        return Ordered(kept, self._order(replace, {record.id: kept}))

    async def delete(self, sid: str) -> SessionRecord | None:
        found = await self._write(lambda db: db.execute(_DELETE, (sid,)).fetchall(), {sid: None})
        return SessionRecord.parse(found[0][0]) if found else None

    async def of_user(self, user_id: str) -> list[SessionRecord]:
        rows = self._read(_OF_USER, user_id)
        return [record for row in rows if (record := SessionRecord.parse(row[0]))]

    async def of_provider_id(self, provider_id: str) -> list[SessionRecord]:
        rows = self._read(_OF_PROVIDER_ID, provider_id)
        return [record for row in rows if (record := SessionRecord.parse(row[0]))]

    async def history(self, sid: str) -> list[HistoryEntry]:
        rows = self._read(_HISTORY, sid, MAX_HISTORY)
        return [HistoryEntry.model_validate_json(row[0]) for row in reversed(rows)]

    async def put_value(self, key: str, value: str, *, expires: float) -> None:
        put, row = "INSERT OR REPLACE INTO one_time VALUES (?, ?, ?)", (key, value, expires)
        await self._write(lambda db: db.execute(put, row))

    async def find_value(self, key: str, *, now: float) -> str | None:
        found = self._read("SELECT value FROM one_time WHERE key = ? AND expires > ?", key, now)
        return found[0][0] if found else None

    async def consume_value(self, key: str, *, now: float) -> str | None:
        found = await self._write(lambda db: db.execute(_CONSUME, (key,)).fetchall())
        return found[0][0] if found and found[0][1] > now else None

    async def begin_attempt(
        self, key: str, attempt: str, *, at: float, window: float, limit: int
    ) -> list[Attempt] | None:
        """Count an attempt, in memory; the key that was tried longest ago makes room."""
        _, begun = self._attempts.get(key, (0, {}))
        counted = {each: one for each, one in begun.items() if one.at > at - window}
        if len(counted) >= limit:
            return sorted(counted.values())
        self._attempts[key] = at + window, counted | {attempt: Attempt(at, has_failed=False)}
        self._attempts.move_to_end(key)
        if len(self._attempts) > MAX_ATTEMPT_KEYS:
            self._attempts.popitem(last=False)
        return None

    async def end_attempt(self, key: str, attempt: str, *, failed: bool) -> None:
        _, counted = self._attempts.get(key, (0, {}))
        begun = counted.pop(attempt, None)
        if begun is not None and (failed or begun.has_failed):
            counted[attempt] = Attempt(begun.at, has_failed=True)

    async def sweep(self, now: float) -> int:
        """Delete what has expired, in small batches, so that no request waits long for one."""
        await self._write(lambda db: db.execute("DELETE FROM one_time WHERE expires <= ?", (now,)))
        self._attempts = OrderedDict(each for each in self._attempts.items() if each[1][0] > now)
        count = 0
        with suppress(StoreUnavailable):
            while due := self._read(_DUE, now, SWEEP_BATCH_SIZE):
                count += await self._sweep(due, now)
        return count

    async def _sweep(self, due: Sequence[tuple[str, float | None]], now: float) -> int:
        ends = [(end, sid) for sid, end in due if end is not None and end > now]
        living = {sid for _, sid in ends}.union(self._pending)
        expired = [sid for sid, _ in due if sid not in living]

        def sweep(db: sqlite3.Connection) -> None:
            db.executemany("UPDATE sessions SET due = ? WHERE id = ?", ends)
            db.executemany("DELETE FROM sessions WHERE id = ?", [(sid,) for sid in expired])

        await self._write(sweep, dict.fromkeys(expired))
        return len(expired)

    def _read(self, statement: str, *parameters: str | float) -> list[Any]:
        if self._file is None or self._damage.is_failing:
            raise StoreUnavailable
        try:
            rows = self._file.reader.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            (self._damage if _is_permanent(error) else self._reads).failed(error)
            raise StoreUnavailable from error
        self._reads.recovered()
        return rows

    async def _write(self, change: Change, records: Records | None = None) -> Any:
        # A waiter may be cancelled: the write goes on, and others may wait for it.
        return await asyncio.shield(self._order(change, records or {}))

    def _order(self, change: Change, records: Records) -> asyncio.Future[Any]:
        if self._file is None or self._damage.is_failing:
            raise StoreUnavailable
        write = _Write(change, records, asyncio.get_running_loop().create_future())
        self._pending.update(dict.fromkeys(records, write))
        self._file.queue.put(write)
        return write.done

    def _settle(self, batch: Sequence[_Write], results: Sequence[Any]) -> None:
        """Acknowledge a batch that is durable, or that has failed."""
        for write, result in zip(batch, results, strict=True):
            failure = self._failure(result) if isinstance(result, Exception) else None
            for sid, record in write.records.items():
                if record is None or failure:
                    self._cache.pop(sid, None)
                else:
                    self._remember(record)
                if self._pending.get(sid) is write:
                    del self._pending[sid]
            if failure:
                write.done.set_exception(failure)
                write.done.exception()  # so that asyncio doesn't complain if nobody waits
            else:
                self._writes.recovered()
                write.done.set_result(result)

    def _failure(self, error: Exception) -> Exception:
        if not isinstance(error, (OSError, sqlite3.Error)):
            return error
        (self._damage if _is_permanent(error) else self._writes).failed(error)
        return StoreUnavailable("Sessions can't be saved right now. Try again shortly.")

    def _remember(self, record: SessionRecord) -> None:
        self._cache[record.id] = record
        self._cache.move_to_end(record.id)
        # While changes of a session are pending, its record stays: the file may be ahead of it.
        if len(self._cache) > MAX_CACHED and next(iter(self._cache)) not in self._pending:
            self._cache.popitem(last=False)


class _File:
    # An open database that no other process has open, and the thread that writes to it.
    def __init__(self, path: Path, settle: Settle | None = None) -> None:
        self.queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._path = path
        self._damage: Exception | None = None
        connect = partial(sqlite3.connect, path, isolation_level=None, check_same_thread=False)
        try:
            with ExitStack() as stack:
                make_data_folder(path.parent)
                stack.callback(os.close, _lock(path))
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
                self._stat = path.stat()
                self._writer = stack.enter_context(closing(connect(timeout=BUSY_TIMEOUT)))
                _prepare(self._writer)
                self.reader = stack.enter_context(closing(connect(timeout=0)))
                if settle is not None:
                    with closing(connect()) as other:  # whose pages are not kept
                        (verdict,) = other.execute("PRAGMA quick_check(1)").fetchone()
                    if verdict != "ok":
                        raise sqlite3.DatabaseError(verdict.splitlines()[-1])
                    thread = threading.Thread(target=self._run, args=(settle,), daemon=True)
                    thread.start()
                    stack.callback(thread.join)
                    stack.callback(self.queue.put, None)
                self.close = stack.pop_all().close
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(
                f"The session database {path} can't be used ({error}). "
                "Mend the file, or move it away to begin with no sessions."
            ) from error

    def _run(self, settle: Settle) -> None:
        while batch := self._next_batch():
            try:
                results = self._commit(batch)
            except Exception as error:  # noqa: BLE001 - those who wait get it, or they'd wait on
                results = [error] * len(batch)
                self._damage = error if _is_permanent(error) else None
            with suppress(RuntimeError):  # the loop has closed: nobody waits any more
                batch[-1].done.get_loop().call_soon_threadsafe(settle, batch, results)

    def _next_batch(self) -> list[_Write]:
        batch: list[_Write] = []
        while (write := self.queue.get()) is not None:
            batch.append(write)
            if len(batch) == BATCH_SIZE or self.queue.empty():
                return batch
        self.queue.put(None)  # ends the next batch, too
        return batch

    def _commit(self, batch: Sequence[_Write]) -> list[Any]:
        if self._damage is not None:
            raise self._damage
        if not os.path.samestat(self._stat, self._path.stat()):
            raise FileNotFoundError("another file is in its place")
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            results = [self._result(write.change) for write in batch]
            self._writer.execute("COMMIT")
        finally:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        return results

    def _result(self, change: Change) -> Any:
        try:
            return change(self._writer)
        except sqlite3.IntegrityError as error:  # it doesn't fit what is stored; the others may
            return error


def add_session(path: Path, record: SessionRecord) -> None:
    """Add a new session to the file of another process, which has nothing of it in its cache.

    The test kit signs users in at a server with it. No other write may come from outside.
    """
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT)) as db, db:
        _insert(record)(db)


def _insert(record: SessionRecord) -> Change:
    text, times = record.model_dump_json(), (record.created_at, record.expires_at)
    row = (record.id, record.user_id, record.version, *times, text)
    provider_ids = [(each, record.id) for each in record.provider_ids]

    def insert(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", row)
        db.executemany("INSERT INTO provider_ids VALUES (?, ?)", provider_ids)

    return insert


def _is_permanent(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return code in _PERMANENT or code & 0xFF in _PERMANENT


def _lock(path: Path) -> int:
    descriptor = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    for _ in range(LOCK_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        time.sleep(0.05)
    os.close(descriptor)
    raise ConfigurationError(
        f"Another process uses the session database {path}. Stop that process, or set "
        "REFLEX_REDIS_URL, so that several processes share their sessions in Redis."
    )


def _prepare(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    is_new = db.execute("SELECT 1 FROM sqlite_master").fetchone() is None
    if version != _VERSION and not is_new:
        raise sqlite3.DatabaseError("another version of authdemo, or another program, has made it")
    db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
    db.executescript(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}; PRAGMA cache_size=-131072;")
    if is_new:
        db.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
