"""The demo's accounts: a small table, with passwords hashed by Argon2id."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, TypeGuard

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from authdemo.sessions import AuthError, User

LEAST_CHARACTERS = 8
MAX_BYTES = 1024

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    password TEXT NOT NULL
) STRICT
"""


class DemoUser(User):
    """A user of the demo.

    Attributes:
        role: `user` or `admin`.
    """

    role: str = "user"


ROLES = ("user", "admin")
SEEDS = (
    DemoUser(id="john_doe", name="John Doe", email="email@email.email", role="user"),
    DemoUser(id="jane_admin", name="Jane Admin", email="jane@email.email", role="admin"),
)
SEED_PASSWORD = "tutorial"  # noqa: S105 - the demo's accounts are for everyone


class AccountRefused(AuthError):
    """A change of an account that can't be; the message is for people."""

    code = "AccountRefused"


class Accounts:
    """Knows who has an account, and checks passwords."""

    def __init__(self, path: Path, *, hasher: PasswordHasher | None = None) -> None:
        """Open the table, or make it.

        Args:
            path: The database file.
            hasher: Hashes passwords; when it asks for more, each account follows at its
                next login.
        """
        self._path = path
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash("nobody has this password")
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as db:
            db.execute(_SCHEMA)

    def seed(self, users: Iterable[DemoUser], password: str) -> None:
        """Add accounts to an empty table.

        Args:
            users: Whose accounts.
            password: The password of them all.
        """
        with closing(self._connect()) as db, db:
            db.execute("BEGIN IMMEDIATE")
            if db.execute("SELECT 1 FROM accounts").fetchone() is None:
                rows = [(u.id, u.name, u.email, u.role, self._hasher.hash(password)) for u in users]
                db.executemany("INSERT INTO accounts VALUES (?, ?, ?, ?, ?)", rows)

    async def check(self, account_id: object, password: object) -> DemoUser | None:
        """Check a password, without saying what was wrong and in no less time.

        Args:
            account_id: The account's id, as it was typed.
            password: The password, as it was typed.

        Returns:
            The user, or None.
        """
        if not _is_plausible(account_id) or not _is_plausible(password):
            return None
        return await asyncio.to_thread(self._check, account_id, password)

    async def change_password(self, account_id: str, password: object) -> None:
        """Give an account a new password.

        Args:
            account_id: The account's id.
            password: The new password, as it was typed.

        Raises:
            AccountRefused: If it is too short or too long; says so.
        """
        if not _is_plausible(password):
            raise AccountRefused(
                f"A password has at most {MAX_BYTES} bytes, and no NUL.",
                reason="too_long",
                values={"most": MAX_BYTES},
            )
        if len(password) < LEAST_CHARACTERS:
            raise AccountRefused(
                f"A password has at least {LEAST_CHARACTERS} characters.",
                reason="too_short",
                values={"least": LEAST_CHARACTERS},
            )
        await asyncio.to_thread(self._change, account_id, "password", password)

    async def change_role(self, account_id: str, role: str) -> None:
        """Give an account another role.

        Args:
            account_id: The account's id.
            role: One of `ROLES`.

        Raises:
            AccountRefused: If there is no such role, or no such account.
        """
        await self.get(account_id)
        if role not in ROLES:
            raise AccountRefused(f"A role is one of {', '.join(ROLES)}, not {role!r}.")
        await asyncio.to_thread(self._change, account_id, "role", role)

    async def find(self, account_id: str) -> DemoUser | None:
        """Find whose account this is, or None."""
        return next((user for user in await self.all() if user.id == account_id), None)

    async def get(self, account_id: str) -> DemoUser:
        """Find whose account this is.

        Args:
            account_id: The account's id.

        Returns:
            The user.

        Raises:
            AccountRefused: If there is no such account.
        """
        found = await self.find(account_id)
        if found is None:
            raise AccountRefused("There is no such account.", reason="unknown")
        return found

    async def all(self) -> list[DemoUser]:
        """List everyone who has an account, by id."""
        return await asyncio.to_thread(self._all)

    def _all(self) -> list[DemoUser]:
        with closing(self._connect()) as db:
            rows = db.execute("SELECT id, name, email, role FROM accounts ORDER BY id").fetchall()
        return [_user(row) for row in rows]

    def _change(self, account_id: str, column: Literal["password", "role"], value: str) -> None:
        value = self._hasher.hash(value) if column == "password" else value
        with closing(self._connect()) as db, db:
            db.execute(f"UPDATE accounts SET {column} = ? WHERE id = ?", (value, account_id))  # noqa: S608

    def _check(self, account_id: str, password: str) -> DemoUser | None:
        with closing(self._connect()) as db:
            found = db.execute(
                "SELECT id, name, email, role, password FROM accounts WHERE id = ?",
                (account_id,),
            ).fetchone()
        *fields, hashed = found or (None, None, None, None, self._nobody)
        try:
            self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return None
        if found is None:
            return None
        if self._hasher.check_needs_rehash(hashed):  # it was made when less was asked of a hash
            self._change(account_id, "password", password)
        return _user(fields)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=5)


def _user(fields: Iterable[Any]) -> DemoUser:
    return DemoUser(**dict(zip(("id", "name", "email", "role"), fields, strict=True)))


def _is_plausible(typed: object) -> TypeGuard[str]:
    try:
        return isinstance(typed, str) and "\0" not in typed and len(typed.encode()) <= MAX_BYTES
    except UnicodeEncodeError:
        return False
