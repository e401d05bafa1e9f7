"""Tables and user model of accounts."""

from __future__ import annotations

from sqlalchemy import Engine, Index, Table, Text
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
    """An account in the database; `folded` is its id without letter case."""

    __tablename__ = "accounts"
    __table_args__ = (Index("accounts_folded", "folded", unique=True),)

    id: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    email: str = Field(sa_type=Text)
    role: str = Field(sa_type=Text)
    password: str = Field(sa_type=Text)
    folded: str = Field(sa_type=Text)

    def member(self) -> Member:
        """Build the account's user."""
        return Member(id=self.id, name=self.name, email=self.email, role=self.role)


_table: Table = SQLModel.metadata.tables["accounts"]


def create_table(engine: Engine) -> None:
    """Create the table, unless it is there."""
    try:
        _table.create(engine, checkfirst=True)
    except DBAPIError:  # another worker may have created it meanwhile
        _table.create(engine, checkfirst=True)
