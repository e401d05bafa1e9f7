"""The tables of the embedded store, and each statement that is ever run on them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from ..core.record import MAX_HISTORY, SessionRecord

_VERSION = 4

_REMEMBER = """
WHEN json_valid(NEW.record) AND json_type(NEW.record, '$.latest') = 'object' BEGIN
    INSERT OR REPLACE INTO steps VALUES (
        NEW.id, json_extract(NEW.record, '$.steps'), json_extract(NEW.record, '$.latest')
    );
END;
"""
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    steps INTEGER NOT NULL,
    created REAL NOT NULL,
    due REAL NOT NULL,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions (user_id);
CREATE INDEX IF NOT EXISTS sessions_when_due ON sessions (due);
CREATE TABLE IF NOT EXISTS steps (
    sid TEXT NOT NULL,
    number INTEGER NOT NULL,
    step TEXT NOT NULL,
    PRIMARY KEY (sid, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS history_begins AFTER INSERT ON sessions
{_REMEMBER}
CREATE TRIGGER IF NOT EXISTS history_goes_on AFTER UPDATE OF record ON sessions
{_REMEMBER}
CREATE TRIGGER IF NOT EXISTS history_is_bounded AFTER INSERT ON steps
WHEN NEW.number % 10 = 0 BEGIN
    DELETE FROM steps WHERE sid = NEW.sid AND number <= NEW.number - {MAX_HISTORY};
END;
CREATE TRIGGER IF NOT EXISTS history_ends AFTER DELETE ON sessions BEGIN
    DELETE FROM steps WHERE sid = OLD.id;
END;
CREATE TABLE IF NOT EXISTS handles (
    handle TEXT NOT NULL,
    sid TEXT NOT NULL,
    PRIMARY KEY (handle, sid)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS handles_of_session ON handles (sid);
CREATE TRIGGER IF NOT EXISTS handles_end AFTER DELETE ON sessions BEGIN
    DELETE FROM handles WHERE sid = OLD.id;
END;
CREATE TABLE IF NOT EXISTS tickets (
    id TEXT PRIMARY KEY,
    payload TEXT NOT NULL,
    expires REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS tickets_by_expiry ON tickets (expires);
"""  # noqa: S608 - made of our own words

_TO_VERSION_3 = """
DROP INDEX IF EXISTS sessions_by_expiry;
ALTER TABLE sessions RENAME COLUMN expires TO due;
"""
_FROM_VERSION_1 = """
INSERT INTO steps
SELECT sessions.id, step.key + 1, step.value FROM sessions, json_each(record, '$.history') AS step;
UPDATE sessions SET record = json_remove(json_set(
    record,
    '$.latest', json_extract(record, '$.history[#-1]'),
    '$.steps', json_array_length(record, '$.history')
), '$.history') WHERE json_type(record, '$.history') IS NOT NULL;
"""
_TO_VERSION_4 = "ALTER TABLE sessions RENAME COLUMN rev TO steps;"
_FROM_VERSION_3 = """
UPDATE sessions SET steps = json_extract(record, '$.steps') WHERE json_valid(record);
"""

FIND = "SELECT record FROM sessions WHERE id = ?"
OF_USER = "SELECT record FROM sessions WHERE user_id = ? ORDER BY created DESC"
OF_HANDLE = "SELECT record FROM handles JOIN sessions ON id = sid WHERE handle = ?"
HISTORY = f"""
SELECT step FROM (SELECT * FROM steps WHERE sid = ? ORDER BY number DESC LIMIT {MAX_HISTORY})
ORDER BY number
"""  # noqa: S608
FIND_TICKET = "SELECT payload FROM tickets WHERE id = ? AND expires > ?"

_INSERT = "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)"
_REPLACE = "UPDATE sessions SET steps = ?, record = ? WHERE id = ? AND steps = ?"
_DELETE = "DELETE FROM sessions WHERE id = ? RETURNING record"
_DUE = """
SELECT id, CASE WHEN json_valid(record) THEN CAST(json_extract(record, '$.expires') AS REAL) END
FROM sessions WHERE due <= ? LIMIT ?
"""
_POSTPONE = "UPDATE sessions SET due = ? WHERE id = ?"
_FORGET = "DELETE FROM sessions WHERE id = ?"
_NAME = "INSERT INTO handles VALUES (?, ?)"
_INSERT_TICKET = "INSERT OR REPLACE INTO tickets VALUES (?, ?, ?)"
_TAKE_TICKET = "DELETE FROM tickets WHERE id = ? RETURNING payload, expires"
_SWEEP_TICKETS = "DELETE FROM tickets WHERE expires <= ?"


class TooNew(Exception):
    """A newer version of this package has made the file."""


def prepare(db: sqlite3.Connection) -> None:
    """Get a file ready: its tables, and how it is read and written.

    With `synchronous=NORMAL` a commit doesn't wait for the disk; `Journal` does. From here
    on nothing waits for a lock either; `Commits` does.

    Args:
        db: The file.

    Raises:
        TooNew: If it is for a newer version, which finds it as it was.
        sqlite3.Error: If it can't be used.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        raise TooNew
    db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
    db.executescript("PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-131072;")
    is_new = db.execute("SELECT 1 FROM sqlite_master").fetchone() is None
    since = _VERSION if is_new else version
    renamed = _since(since, {3: _TO_VERSION_3, 4: _TO_VERSION_4})
    moved = _since(since, {2: _FROM_VERSION_1, 4: _FROM_VERSION_3})
    done = f"PRAGMA user_version={_VERSION};"
    db.executescript(f"BEGIN;{renamed}{_SCHEMA}{moved}{done}COMMIT;")
    db.execute("PRAGMA busy_timeout=0")


def _since(version: int, steps: Mapping[int, str]) -> str:
    return "".join(step for target, step in steps.items() if target > version)


def check(db: sqlite3.Connection) -> None:
    """Check that a file is whole.

    Args:
        db: The file.

    Raises:
        sqlite3.Error: If it is damaged.
    """
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict.splitlines()[-1])


def insert(db: sqlite3.Connection, record: SessionRecord) -> None:
    """Add a session."""
    text = record.model_dump_json()
    row = (record.id, record.user_id, record.steps, record.created, record.expires, text)
    db.execute(_INSERT, row)
    db.executemany(_NAME, [(handle, record.id) for handle in record.handles])


def replace(db: sqlite3.Connection, record: SessionRecord, text: str, expected: int) -> bool:
    """Replace a session's record, if it is at the expected step; tell whether it was."""
    row = (record.steps, text, record.id, expected)
    return db.execute(_REPLACE, row).rowcount == 1


def delete(db: sqlite3.Connection, sid: str) -> str | None:
    """Delete a session and its history; hand out its record."""
    found = db.execute(_DELETE, (sid,)).fetchall()
    return str(found[0][0]) if found else None


def due(db: sqlite3.Connection, now: float, most: int) -> tuple[list[str], dict[str, float]]:
    """Find sessions of which it was last known that they would be over by now.

    When a session's life is extended its place in the order of time stays what it was, so
    that an update need not go there.

    Args:
        db: The file.
        now: The time.
        most: How many to find at most.

    Returns:
        Those that are over, and when the others will be.
    """
    found = db.execute(_DUE, (now, most)).fetchall()
    living = {sid: end for sid, end in found if end is not None and end > now}
    return [sid for sid, _ in found if sid not in living], living


def postpone(db: sqlite3.Connection, ends: Mapping[str, float]) -> None:
    """Have sessions looked at again when they end."""
    db.executemany(_POSTPONE, [(end, sid) for sid, end in ends.items()])


def forget(db: sqlite3.Connection, sids: Iterable[str]) -> None:
    """Delete sessions and their histories."""
    db.executemany(_FORGET, [(sid,) for sid in sids])


def insert_ticket(db: sqlite3.Connection, ticket: str, payload: str, expires: float) -> None:
    """Add a ticket, in the place of one by that id."""
    db.execute(_INSERT_TICKET, (ticket, payload, expires))


def take_ticket(db: sqlite3.Connection, ticket: str, now: float) -> str | None:
    """Delete a ticket; hand out what it stood for, unless it has expired."""
    found = db.execute(_TAKE_TICKET, (ticket,)).fetchall()
    return str(found[0][0]) if found and found[0][1] > now else None


def sweep_tickets(db: sqlite3.Connection, now: float) -> None:
    """Delete the tickets that have expired."""
    db.execute(_SWEEP_TICKETS, (now,))
