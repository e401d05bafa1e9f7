"""Tables and user model of accounts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, Index, Table, Text, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Field, SQLModel

from authdemo.sessions import User


class Member(User):
    """A user with an account here.

    Attributes:
        role: One of the app's roles.
    """

    role: str = "user"


class AccountRow(SQLModel, table=True):
    """An account as the database keeps it."""

    __tablename__ = "accounts"
    __table_args__ = (Index("accounts_folded", "folded", unique=True),)

    id: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    email: str = Field(sa_type=Text)
    role: str = Field(sa_type=Text)
    password: str = Field(sa_type=Text)
    folded: str | None = Field(default=None, sa_type=Text)

    def member(self) -> Member:
        """Tell whose it is."""
        return Member(id=self.id, name=self.name, email=self.email, role=self.role)


_table: Table = SQLModel.metadata.tables["accounts"]
(_index,) = _table.indexes

# Of old accounts that differ in letter case only, each stays; the first one holds the place.
_FOLD = text(
    "UPDATE accounts SET folded = lower(id)"
    " WHERE id IN (SELECT min(id) FROM accounts GROUP BY lower(id))"
)


def prepare(engine: Engine) -> None:
    """Make the table, or bring one up to date that has no column for folded ids yet."""
    try:
        _prepare(engine)
    except DBAPIError:
        _prepare(engine)  # another worker was at it; what it has made is there by now


def _prepare(engine: Engine) -> None:
    _table.create(engine, checkfirst=True)
    if _names(inspect(engine).get_indexes("accounts"), _index.name):
        return
    with engine.begin() as connection:
        _add_folded(connection)
        _index.create(connection, checkfirst=True)


def _add_folded(connection: Connection) -> None:
    if not _names(inspect(connection).get_columns("accounts"), "folded"):
        connection.execute(text("ALTER TABLE accounts ADD COLUMN folded TEXT"))
    connection.execute(_FOLD)


def _names(found: Any, name: str | None) -> bool:
    return any(each["name"] == name for each in found)
