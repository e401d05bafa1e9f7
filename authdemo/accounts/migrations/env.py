"""How Alembic runs migrations: in the transaction that `migrate` has begun."""

from __future__ import annotations

from alembic import context

from authdemo.accounts.migrations import VERSION_TABLE
from authdemo.accounts.models import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
