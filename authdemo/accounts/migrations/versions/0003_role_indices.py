"""Accounts of a role by address and by name, without those of other roles."""

from __future__ import annotations

from alembic import op

revision = "0003_role_indices"
down_revision = "0002_authenticators_age"


def upgrade() -> None:
    """Create the indices."""
    for name in ("email", "name"):
        columns = ["role", f"{name}_folded", "folded", "disabled"]
        op.create_index(f"accounts_role_{name}", "accounts", columns)
