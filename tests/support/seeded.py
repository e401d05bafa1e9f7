"""The demo's own accounts, as each test finds them on a server that it shares with others."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path

from authdemo.seeds import SEEDS
from tests.support.server import Server

_COLUMNS = ("name", "email", "image", "role", "email_verified", "two_factor", "disabled")
_READ = f"SELECT {', '.join(_COLUMNS)} FROM accounts WHERE id = ?"
_RESTORE = f"UPDATE accounts SET {', '.join(f'{each} = ?' for each in _COLUMNS)} WHERE id = ?"


def restore(server: Server) -> None:
    """Undo what an earlier test has changed."""
    path = server.log.parent / "data" / "accounts.db"
    if not path.exists():
        return
    database = _open(path)
    for member in SEEDS:
        wanted = (member.name, member.email, None, member.role, 0, 0, 0)
        found = database.execute(_READ, (member.id,)).fetchone()
        if found not in (None, wanted):
            database.execute(_RESTORE, (*wanted, member.id))
            database.commit()


@cache
def _open(path: Path) -> sqlite3.Connection:
    """Open a database once: that takes longer than to look, and most tests change nothing."""
    return sqlite3.connect(path, timeout=30)
