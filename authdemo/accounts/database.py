"""The database that `DB_URL` names, asked from threads so that the event loop never waits."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from authdemo.sessions import ConfigurationError

from .errors import AccountsUnavailable
from .migrations import check, migrate

T = TypeVar("T")

logger = logging.getLogger("authdemo.sessions")

TIMEOUT = 4
"""How many seconds an answer of the database may take."""

FILE = "accounts.db"

_MAX_THREADS = 8
_MAX_PORT = 65535
_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite",
}
_POSTGRESQL: dict[str, Any] = {
    "connect_timeout": TIMEOUT - 1,
    "tcp_user_timeout": TIMEOUT * 1000,
    "prepare_threshold": None,  # poolers hand one connection to many
}


def database_url(data_dir: Path, environ: Mapping[str, str] = os.environ) -> URL:
    """Find the database."""
    value = environ.get("DB_URL")
    return read_url(value) if value else URL.create("sqlite", database=str(data_dir / FILE))


def read_url(value: str) -> URL:
    """Read a database's URL."""
    try:
        url = make_url(value)
        driver = _DRIVERS[url.drivername]
    except (ArgumentError, KeyError, ValueError):
        raise _bad_url() from None
    in_memory = url.database in (None, "", ":memory:")
    if in_memory or not 1 <= (1 if url.port is None else url.port) <= _MAX_PORT:
        raise _bad_url()
    return url.set(drivername=driver)


class Database:
    """A database that says so when it can't be reached, within seconds."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._engine = open_engine(url)
        self._threads = ThreadPoolExecutor(_MAX_THREADS, thread_name_prefix="accounts")
        self._opening = threading.Lock()
        self._first: deque[Callable[[Engine], None]] = deque([self._make_file, migrate])
        self._is_failing = False

    def run_first(self, first: Callable[[Engine], None]) -> None:
        """Run something before any query; until it succeeds it is tried again."""
        self._first.append(first)

    async def open(self) -> None:
        """Run what comes before the first query, however long that takes."""
        await self._run(self._open, within=None)

    async def run(self, work: Callable[[Session], T]) -> T:
        """Run something as one transaction."""
        return await self._run(partial(self.commit, work), within=TIMEOUT)

    def close(self) -> None:
        """Close the connections, after the queries that run."""
        self._threads.shutdown()
        self._engine.dispose()

    def commit(self, work: Callable[[Session], T]) -> T:
        """Run something as one transaction, in this thread."""
        self._open()
        with Session(self._engine) as session, session.begin():
            return work(session)

    async def _run(self, work: Callable[[], T], *, within: float | None) -> T:
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            result = await asyncio.wait_for(running, within)
        except IntegrityError:
            raise
        except (DBAPIError, PoolTimeout, OSError) as error:
            if not self._is_failing:
                logger.log(logging.ERROR, "Accounts can't be reached. (%s)", cause(error))
            self._is_failing = True
            raise AccountsUnavailable from error
        if self._is_failing:
            logger.info("Accounts can be reached again.")
        self._is_failing = False
        return result

    def _open(self) -> None:
        with self._opening:
            while self._first:
                self._first[0](self._engine)
                self._first.popleft()

    def _make_file(self, engine: Engine) -> None:
        """Make SQLite's file, which only its owner can read, and have it write ahead.

        Without that, a change that finds no room leaves a journal, and no read gets past it.
        """
        if self._url.drivername == "sqlite" and self._url.database:
            path = Path(self._url.database)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            with suppress(OperationalError), engine.connect() as connection:  # another has it open
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def open_engine(url: URL) -> Engine:
    """Open a database with time limits."""
    arguments = {"timeout": TIMEOUT - 1} if url.drivername == "sqlite" else _POSTGRESQL
    engine = create_engine(
        url,
        connect_args=arguments,
        pool_pre_ping=True,
        pool_timeout=TIMEOUT,
        hide_parameters=True,
    )
    if url.drivername == "sqlite":
        event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: sqlite3.Connection, _: object) -> None:
    """Have SQLite delete what belongs to a row that is deleted, and lose nothing it has kept."""
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def check_tables(url: URL) -> None:
    """Raise a `ConfigurationError` before a start if no migration made the tables.

    A database that is away now is checked when it is opened.
    """
    if url.drivername == "sqlite" and not Path(str(url.database)).exists():
        return
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            check(connection)
    except DBAPIError:
        return
    finally:
        engine.dispose()


def cause(error: Exception) -> str:
    """Find the driver's own message: in one line, and without the statement."""
    own = (isinstance(error, DBAPIError) and error.orig) or error
    return " ".join(str(own).split()) or type(own).__name__


def _bad_url() -> ConfigurationError:
    return ConfigurationError(
        "DB_URL takes a URL like postgresql://user:password@host:5432/name "
        "or sqlite:////path/to/accounts.db."
    )
