"""Records of a SQLite file in memory, for as long as nobody else changes the file."""

from __future__ import annotations

from collections import OrderedDict

from ..core.record import SessionRecord
from .index import Index, transactions

_MOST = 16_384


class Cache:
    """The records that were read or written last."""

    def __init__(self, index: Index) -> None:
        """Begin with no records.

        Args:
            index: Tells whether another program, or this one, has changed the file.
        """
        self._index = index
        self._records: OrderedDict[str, SessionRecord] = OrderedDict()
        self._header = b""

    def find(self, sid: str) -> SessionRecord | None:
        """Find a record, if it is here and still true."""
        if self._index.header != self._header:  # `check` without a call, since this is asked most
            self.check()
        record = self._records.get(sid)
        if record is not None:
            self._records.move_to_end(sid)
        return record

    def check(self) -> None:
        """Forget everything if the file was changed by another program."""
        header = self._index.header
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
        header = self._index.header
        if transactions(header) - transactions(self._header) not in (0, 1):
            self._records.clear()
        self._header = header
