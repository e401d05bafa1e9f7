"""Records of a SQLite file in memory, for as long as nobody else changes the file."""

from __future__ import annotations

import mmap
import os
import struct
from collections import OrderedDict
from pathlib import Path

from ..core.record import SessionRecord

_MOST = 16_384
_HEADER_BYTES = 48
_TRANSACTIONS = struct.Struct("@8xI")
"""Where the header of the WAL-index counts transactions (sqlite.org/walformat.html, 2.2.1)."""


class Cache:
    """The records that were read or written last.

    Whoever changes the file, this process or another, changes the header of the index to its
    log, which all of them share in memory. SQLite tells by it whether what it has read is
    still true, and so does this.
    """

    def __init__(self, database: Path) -> None:
        """Begin with no records.

        Args:
            database: A file that is open in WAL mode.

        Raises:
            OSError: If there is no index.
        """
        descriptor = os.open(f"{database}-shm", os.O_RDONLY)
        try:
            self._index = mmap.mmap(descriptor, _HEADER_BYTES, prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)
        self._records: OrderedDict[str, SessionRecord] = OrderedDict()
        self._header = b""

    def close(self) -> None:
        """Let go of the index."""
        self._index.close()

    def find(self, sid: str) -> SessionRecord | None:
        """Find a record, if it is here and still true."""
        self.check()
        record = self._records.get(sid)
        if record is not None:
            self._records.move_to_end(sid)
        return record

    def check(self) -> None:
        """Forget everything if the file was changed by another program."""
        header = self._index[:]
        if header != self._header:
            self._records.clear()
            self._header = header

    def keep(self, record: SessionRecord) -> None:
        """Keep a record that is true by now; the one that was used longest ago makes room."""
        self._records[record.id] = record
        self._records.move_to_end(record.id)
        if len(self._records) > _MOST:
            self._records.popitem(last=False)

    def drop(self, sid: str) -> None:
        """Forget a record."""
        self._records.pop(sid, None)

    def clear(self) -> None:
        """Forget everything."""
        self._records.clear()

    def committed(self) -> None:
        """Note that a transaction of this process has ended, in which no other could change."""
        header = self._index[:]
        (before,), (after,) = map(_TRANSACTIONS.unpack_from, (self._header, header))
        if after - before not in (0, 1):
            self._records.clear()
        self._header = header
