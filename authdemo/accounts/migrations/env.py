"""How Alembic runs migrations: in the transaction that `migrate` has begun."""

from __future__ import annotations

from alembic import context

from authdemo.accounts.models import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
)
context.run_migrations()
