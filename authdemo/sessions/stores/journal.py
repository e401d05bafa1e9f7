"""The write-ahead log of a SQLite file, from which a crash is recovered."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..core.utils import LogOnce
from .index import Index

_PAGES_BETWEEN_CHECKPOINTS = 8_000

_sync = getattr(os, "fdatasync", os.fsync)


class NotKept(OSError):
    """The disk did not keep what it was given; what is on it by now, nobody knows."""


class Journal:
    """Puts a SQLite file's log on the disk, in a thread of its own.

    SQLite does the same at each commit with `synchronous=FULL`, but makes its caller wait
    for the disk. Here many commits share one wait, and nobody else waits with them.
    """

    def __init__(self, database: Path, index: Index) -> None:
        """Open the log of a file that is open in WAL mode.

        Args:
            database: The file.
            index: Tells how much is in the log.

        Raises:
            OSError: If there is no log.
            sqlite3.Error: If the file can't be opened.
        """
        self._database = database
        self._file = database.stat()
        self._log = os.open(f"{database}-wal", os.O_RDONLY)
        self._checkpointer = sqlite3.connect(database, timeout=0, check_same_thread=False)
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="session-journal")
        self._index = index
        self._most_waiting = _PAGES_BETWEEN_CHECKPOINTS
        self._checkpoints = LogOnce(
            "The log of the session database can't be worked off, so it grows.",
            "The log of the session database is worked off again.",
        )

    def check(self) -> None:
        """Check that a restart would find what is written now.

        Raises:
            FileNotFoundError: If another file is in place.
        """
        if not os.path.samestat(self._file, self._database.stat()):
            raise FileNotFoundError("another file is in its place")

    async def sync(self) -> None:
        """Wait until all that is committed by now is on the disk.

        Raises:
            NotKept: If the disk can't keep it.
        """
        await asyncio.get_running_loop().run_in_executor(self._disk, self._write_down)

    @property
    def is_long(self) -> bool:
        """Whether it is time to work the log off."""
        return self._index.pages_waiting >= self._most_waiting

    async def work_off(self) -> None:
        """Copy the log's pages into the file, so that the log can begin anew.

        Pages that another program still reads stay; they are tried again with the next ones.
        Commit nothing meanwhile: a commit would wait for the disk, and so would all reads.
        """
        await asyncio.get_running_loop().run_in_executor(self._disk, self._checkpoint)
        self._most_waiting = self._index.pages_waiting + _PAGES_BETWEEN_CHECKPOINTS

    def close(self) -> None:
        """Let go of the log."""
        self._disk.shutdown()
        self._checkpointer.close()
        os.close(self._log)

    def _write_down(self) -> None:
        try:
            _sync(self._log)
        except OSError as error:
            raise NotKept(*error.args) from error

    def _checkpoint(self) -> None:
        try:
            self._checkpointer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:
            self._checkpoints.begin(error)
        else:
            self._checkpoints.end()
