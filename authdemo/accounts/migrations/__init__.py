"""The tables of accounts, brought up to date when a database is opened."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from authdemo.accounts.models import VERSION_TABLE
from authdemo.sessions import ConfigurationError

_LOCK = 0x61757468
"""The key of PostgreSQL's lock while tables change."""


def migrate(engine: Engine) -> None:
    """Bring the tables up to date; of several workers one does it, and the others wait.

    Raises:
        ConfigurationError: If no migration made the tables, or one of a newer version did.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        else:
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
        check(connection)
        _upgrade(connection)


def check(connection: Connection) -> None:
    """Raise a `ConfigurationError` if there are tables that no migration made."""
    tables = inspect(connection)
    if tables.has_table("accounts") and not tables.has_table(VERSION_TABLE):
        place = connection.engine.url.set(password=None, query={})
        raise ConfigurationError(
            f"{place} has a table accounts from before there were migrations. Move the file away, "
            "or rename the table; python -m authdemo.accounts import can then read its users."
        )


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationError(
            f"The accounts are of a newer version of authdemo: {error}. Install that version."
        ) from None
