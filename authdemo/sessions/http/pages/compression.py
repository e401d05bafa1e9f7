"""Gzip (RFC 1952) for pages of which only a little differs from request to request.

What is always the same is packed and added up once, each piece by itself and up to a whole
byte. What differs is put between the pieces as it is (RFC 1951, section 3.2.4), so that
packing a page costs no more than joining it; and what is secret never changes the length of
what it stands beside.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

_BEST = 9
_NO_HEADER = -zlib.MAX_WBITS
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_LAST_BLOCK = 0x0003
_LONGEST_BLOCK = 0xFFFF
_WORTH_PACKING = 128
_BLOCK = struct.Struct("<BHH")
_END = struct.Struct("<HII")

Values: TypeAlias = tuple[bytes, ...]
"""What goes into the blanks of a form, one for each."""


class Form:
    """A text with blanks to fill in."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        first, *others = texts
        self._plain = _pattern(texts)
        self._first = _HEADER + _packed(first)
        self._checksum = zlib.crc32(first)
        self._parts = _parts(others)
        self._size = len(first) + sum(part.end.size for part in self._parts)

    def filled(self, values: Values) -> bytes:
        """Fill the form in."""
        return self._plain % values

    def packed(self, values: Values) -> Sequence[bytes]:
        """Fill the form in, and pack it."""
        pieces, checksum, size = [self._first], self._checksum, self._size
        for pattern, blanks, end in self._parts:
            octets = pattern % values[blanks]
            pieces += _as_it_is(octets), end.packed
            checksum = end.added_to(zlib.crc32(octets, checksum))
            size += len(octets)
        pieces.append(_END.pack(_LAST_BLOCK, checksum, size & 0xFFFFFFFF))
        return pieces


class _Part(NamedTuple):
    """Some blanks with so little between them that it isn't worth packing, and what follows."""

    pattern: bytes
    blanks: slice
    end: _Constant


class _Constant:
    """A piece that is always the same.

    A checksum of texts that end with it is the exclusive or of what the piece makes of each
    bit of the checksum up to there: CRC is linear. So nothing of it is read again.
    """

    __slots__ = ("_tables", "packed", "size")

    def __init__(self, octets: bytes) -> None:
        self.packed = _packed(octets)
        self.size = len(octets)
        self._tables = tuple(_table(octets, shift) for shift in (0, 8, 16, 24))

    def added_to(self, checksum: int) -> int:
        """Go on with a checksum, as `zlib.crc32` does."""
        a, b, c, d = self._tables
        low = a[checksum & 255] ^ b[checksum >> 8 & 255]
        return low ^ c[checksum >> 16 & 255] ^ d[checksum >> 24]


def _table(octets: bytes, shift: int) -> array[int]:
    """Say what a piece makes of one octet of a checksum; the first table has the piece's own."""
    own = zlib.crc32(octets)
    table = [0 if shift else own]
    for bit in range(shift, shift + 8):
        made = zlib.crc32(octets, 1 << bit) ^ own
        table += [known ^ made for known in table]
    return array("L", table)


def _parts(texts: Sequence[bytes]) -> list[_Part]:
    parts: list[_Part] = []
    first = 0
    for n, text in enumerate(texts):
        if len(text) >= _WORTH_PACKING or n == len(texts) - 1:
            pattern = _pattern([b"", *texts[first:n], b""])
            parts.append(_Part(pattern, slice(first, n + 1), _Constant(text)))
            first = n + 1
    return parts


def _pattern(texts: Sequence[bytes]) -> bytes:
    return b"%b".join(text.replace(b"%", b"%%") for text in texts)


def _packed(octets: bytes) -> bytes:
    packer = zlib.compressobj(_BEST, wbits=_NO_HEADER)
    return packer.compress(octets) + packer.flush(zlib.Z_FULL_FLUSH)


def _as_it_is(octets: bytes) -> bytes:
    size = len(octets)
    if size > _LONGEST_BLOCK:
        starts = range(0, size, _LONGEST_BLOCK)
        return b"".join(_as_it_is(octets[start : start + _LONGEST_BLOCK]) for start in starts)
    return _BLOCK.pack(0, size, size ^ 0xFFFF) + octets
