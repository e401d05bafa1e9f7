"""Tables and user model of accounts."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, text
from sqlmodel import Field, SQLModel

from authdemo.sessions import User, UserUpdate

from .passwords import EmailAddress, folded

SORTED_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that both databases compare by code points, so that a range of it is a prefix."""

FOREIGN_HASH = text("password NOT LIKE '$argon2%'")
"""Which passwords other apps have hashed, in the words of an index."""


class Member(User):
    """A user with an account here.

    Attributes:
        role: One of the app's roles.
        email_verified: Whether the user has proved to receive mail at `email`.
        two_factor: Whether sign-in asks for a second factor.
    """

    role: str = "user"
    email_verified: bool = False
    two_factor: bool = False


class AccountUpdate(UserUpdate):
    """What may be changed of an account, all but its id and password."""

    email: EmailAddress = ""
    role: str = ""
    email_verified: bool = False
    two_factor: bool = False
    disabled: bool = False


VERSION_TABLE = "accounts_version"
"""Where Alembic keeps the revision; `alembic_version` is the app's own."""

Table(VERSION_TABLE, SQLModel.metadata, Column("version_num", String(32), primary_key=True))


class AccountRow(SQLModel, table=True):
    """An account; what is `folded` is without letter case and width."""

    __tablename__ = "accounts"
    __table_args__ = (
        Index("accounts_folded", "folded", unique=True),
        Index("accounts_email", "email_folded", "folded", "role", "disabled"),
        Index("accounts_name", "name_folded", "folded", "role", "disabled"),
        Index("accounts_role", "role", "folded"),
        Index("accounts_role_email", "role", "email_folded", "folded", "disabled"),
        Index("accounts_role_name", "role", "name_folded", "folded", "disabled"),
        *(
            Index(name, column, sqlite_where=where, postgresql_where=where)
            for name, column, where in (
                ("accounts_disabled", "folded", text("disabled")),
                ("accounts_foreign_hash", "password", FOREIGN_HASH),
            )
        ),
    )

    id: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    email: str = Field(sa_type=Text)
    image: str | None = Field(default=None, sa_type=Text)
    role: str = Field(sa_type=Text)
    password: str = Field(sa_type=Text)
    language: str = Field(default="", sa_type=Text)
    email_verified: bool = False
    is_unclaimed: bool = False
    """Whether a visitor registered it who hasn't proved yet to receive mail at `email`."""
    two_factor: bool = False
    disabled: bool = False
    created_at: float = Field(default_factory=time.time)
    folded: str = Field(sa_type=SORTED_TEXT)
    email_folded: str = Field(sa_type=SORTED_TEXT)
    name_folded: str = Field(sa_type=SORTED_TEXT)

    @classmethod
    def of(cls, member: Member, password: str) -> AccountRow:
        """Build the row of a new account."""
        columns: dict[str, Any] = member.model_dump() | folded_columns(member)
        return cls(**columns, password=password)

    def member(self) -> Member:
        """Build the account's user."""
        known: dict[str, Any] = {name: getattr(self, name) for name in Member.model_fields}
        return Member(**known)


class PasskeyRow(SQLModel, table=True):
    """A passkey; `id` and `user_handle`, the account's name in it, are encoded as in JSON."""

    __tablename__ = "passkeys"
    __table_args__ = (Index("passkeys_account", "account_id"),)

    id: str = Field(primary_key=True, sa_type=Text)
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", sa_type=Text)
    user_handle: str = Field(sa_type=Text)
    public_key: bytes
    sign_count: int = Field(sa_type=BigInteger)
    can_be_backed_up: bool
    is_backed_up: bool
    transports: str = Field(sa_type=Text)
    aaguid: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    created_at: float = Field(default_factory=time.time)
    last_used_at: float = 0


class LinkRow(SQLModel, table=True):
    """A link in a mail, by the hash of its token."""

    __tablename__ = "accounts_links"
    __table_args__ = (Index("accounts_links_account", "account_id", "kind"),)

    hash: str = Field(primary_key=True, sa_type=Text)
    kind: str = Field(sa_type=Text)
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", sa_type=Text)
    data: str = Field(sa_type=Text)
    expires_at: float = Field(index=True)


class MailRow(SQLModel, table=True):
    """A mail that waits to be sent; without an account it is for all accounts of the address."""

    __tablename__ = "accounts_mails"

    id: int | None = Field(default=None, primary_key=True)
    template: str = Field(sa_type=Text)
    account_id: str = Field(default="", sa_type=Text)
    address: str = Field(sa_type=Text)
    origin: str = Field(default="", sa_type=Text)
    language: str = Field(default="", sa_type=Text)
    data: str = Field(default="{}", sa_type=Text)
    created_at: float = Field(default_factory=time.time)
    due_at: float = Field(default_factory=time.time, index=True)
    attempts: int = 0


class AuthenticatorRow(SQLModel, table=True):
    """An account's authenticator app; the secret is encrypted."""

    __tablename__ = "authenticators"

    account_id: str = Field(
        primary_key=True, foreign_key="accounts.id", ondelete="CASCADE", sa_type=Text
    )
    secret: str = Field(sa_type=Text)
    is_active: bool = False
    last_step: int = Field(default=0, sa_type=BigInteger)
    created_at: float = 0


class RecoveryCodeRow(SQLModel, table=True):
    """The MAC of a recovery code that hasn't been used."""

    __tablename__ = "recovery_codes"

    account_id: str = Field(
        primary_key=True, foreign_key="accounts.id", ondelete="CASCADE", sa_type=Text
    )
    mac: str = Field(primary_key=True, sa_type=Text)


class BrowserRow(SQLModel, table=True):
    """A browser that is remembered, by the hash of its cookie, until the password changes."""

    __tablename__ = "remembered_browsers"
    __table_args__ = (Index("remembered_browsers_account", "account_id"),)

    token_hash: str = Field(primary_key=True, sa_type=Text)
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", sa_type=Text)
    password_hash: str = Field(sa_type=Text)
    user_agent: str = Field(sa_type=Text)
    ip: str = Field(sa_type=Text)
    created_at: float
    expires_at: float


class DeviceRow(SQLModel, table=True):
    """A kind of device, and the part of the network, that an account was used from."""

    __tablename__ = "accounts_devices"

    account_id: str = Field(
        primary_key=True, foreign_key="accounts.id", ondelete="CASCADE", sa_type=Text
    )
    fingerprint: str = Field(primary_key=True, sa_type=Text)
    seen_at: float


def folded_columns(member: Member) -> dict[str, str]:
    """Fold what accounts are found by."""
    texts = {"folded": member.id, "email_folded": member.email, "name_folded": member.name}
    return {column: folded(value or "") for column, value in texts.items()}
