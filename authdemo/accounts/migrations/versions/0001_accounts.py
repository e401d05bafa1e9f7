"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_accounts"
down_revision = None

_SORTED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("image", sa.Text),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("email_verified", sa.Boolean, nullable=False),
        sa.Column("is_unclaimed", sa.Boolean, nullable=False),
        sa.Column("two_factor", sa.Boolean, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("folded", _SORTED, nullable=False),
        sa.Column("email_folded", _SORTED, nullable=False),
        sa.Column("name_folded", _SORTED, nullable=False),
    )
    op.create_index("accounts_folded", "accounts", ["folded"], unique=True)
    for name in ("email", "name"):
        columns = [f"{name}_folded", "folded", "role", "disabled"]
        op.create_index(f"accounts_{name}", "accounts", columns)
    op.create_index("accounts_role", "accounts", ["role", "folded"])
    for name, column, condition in (
        ("accounts_disabled", "folded", "disabled"),
        ("accounts_foreign_hash", "password", "password NOT LIKE '$argon2%'"),
    ):
        where = sa.text(condition)
        op.create_index(name, "accounts", [column], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Text, primary_key=True),
        _account_id(),
        sa.Column("user_handle", sa.Text, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("can_be_backed_up", sa.Boolean, nullable=False),
        sa.Column("is_backed_up", sa.Boolean, nullable=False),
        sa.Column("transports", sa.Text, nullable=False),
        sa.Column("aaguid", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("last_used_at", sa.Float, nullable=False),
    )
    op.create_index("passkeys_account", "passkeys", ["account_id"])
    op.create_table(
        "accounts_links",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column(
            "account_id", sa.Text, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False, index=True),
    )
    op.create_index("accounts_links_account", "accounts_links", ["account_id", "kind"])
    op.create_table(
        "accounts_mails",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False, index=True),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    _create_second_factor()
    op.create_table(
        "accounts_devices",
        _account_id(primary_key=True),
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("seen_at", sa.Float, nullable=False),
    )


def _account_id(*, primary_key: bool = False) -> sa.Column[str]:
    account = sa.ForeignKey("accounts.id", ondelete="CASCADE")
    return sa.Column("account_id", sa.Text, account, primary_key=primary_key, nullable=False)


def _create_second_factor() -> None:
    op.create_table(
        "authenticators",
        _account_id(primary_key=True),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "recovery_codes",
        _account_id(primary_key=True),
        sa.Column("mac", sa.Text, primary_key=True),
    )
    op.create_table(
        "remembered_browsers",
        sa.Column("token_hash", sa.Text, primary_key=True),
        _account_id(),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("user_agent", sa.Text, nullable=False),
        sa.Column("ip", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
    )
    op.create_index("remembered_browsers_account", "remembered_browsers", ["account_id"])
