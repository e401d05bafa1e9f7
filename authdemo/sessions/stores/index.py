"""What all programs that use a SQLite file know of its log."""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path

_BYTES = 100
_HEADER = slice(48)
_TRANSACTIONS = struct.Struct("@8xI")
_FRAMES = struct.Struct("@16xI76xI")


class Index:
    """The index to a log, which they share in memory (sqlite.org/walformat.html, 2.2).

    Whoever changes the file changes the header of the index. SQLite tells by it whether what
    it has read is still true, and so can others.
    """

    def __init__(self, database: Path) -> None:
        """Find the index of a file that is open in WAL mode.

        Args:
            database: The file.

        Raises:
            OSError: If there is none.
        """
        descriptor = os.open(f"{database}-shm", os.O_RDONLY)
        try:
            self._shared = mmap.mmap(descriptor, _BYTES, prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)

    @property
    def header(self) -> bytes:
        """The header by now."""
        return self._shared[_HEADER]

    @property
    def pages_waiting(self) -> int:
        """How many pages of the log are not in the file yet."""
        written, copied = _FRAMES.unpack(self._shared)
        return int(written - copied)

    def close(self) -> None:
        """Let go of the index."""
        self._shared.close()


def transactions(header: bytes) -> int:
    """Tell how many transactions a header has counted, from any number on."""
    (count,) = _TRANSACTIONS.unpack_from(header)
    return int(count)
