"""When an authenticator app was set up; of those from before this it isn't known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_authenticators_age"
down_revision = "0001_accounts"


def upgrade() -> None:
    """Add the column."""
    column = sa.Column("created_at", sa.Float, nullable=False, server_default="0")
    op.add_column("authenticators", column)
