"""Gzip (RFC 1952) for pages of which only a little differs from request to request.

Constant chunks are compressed and checksummed once, each for itself and up to a whole byte.
Values are stored between them uncompressed (RFC 1951, section 3.2.4). So compressing a page costs
no more than joining it, and a secret value never changes the length of what stands beside it.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

_BEST = 9
_RAW_DEFLATE = -zlib.MAX_WBITS
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_LAST_BLOCK = 0x0003
_MAX_BLOCK = 0xFFFF
_MIN_COMPRESSED = 128
_BLOCK = struct.Struct("<BHH")
_TRAILER = struct.Struct("<HII")

Values: TypeAlias = tuple[bytes, ...]
"""The values of a template's placeholders, one for each."""


class PrecompressedTemplate:
    """Texts with a placeholder between each two."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        first, *others = texts
        self._pattern = _pattern(texts)
        self._first = _HEADER + _compress(first)
        self._checksum = zlib.crc32(first)
        self._parts = _parts(others)
        self._size = len(first) + sum(part.chunk.size for part in self._parts)

    def fill(self, values: Values) -> bytes:
        """Fill in the values."""
        return self._pattern % values

    def fill_gzip(self, values: Values) -> Sequence[bytes]:
        """Fill in the values, compressed."""
        pieces, checksum, size = [self._first], self._checksum, self._size
        for pattern, placeholders, chunk in self._parts:
            data = pattern % values[placeholders]
            pieces += _store(data), chunk.compressed
            checksum = chunk.extend(zlib.crc32(data, checksum))
            size += len(data)
        pieces.append(_TRAILER.pack(_LAST_BLOCK, checksum, size & 0xFFFFFFFF))
        return pieces


class _Part(NamedTuple):
    """Placeholders with texts between them that are too short to compress, and the next chunk."""

    pattern: bytes
    placeholders: slice
    chunk: _Chunk


class _Chunk:
    """A constant text.

    CRC is linear: the checksum of data that ends with this chunk is the exclusive or of a
    contribution of each byte of the checksum before it. So the chunk is never read again.
    `zlib.crc32_combine` will replace the tables when Python 3.15 is the oldest version.
    """

    __slots__ = ("_tables", "compressed", "size")

    def __init__(self, data: bytes) -> None:
        self.compressed = _compress(data)
        self.size = len(data)
        self._tables = tuple(_table(data, shift) for shift in (0, 8, 16, 24))

    def extend(self, checksum: int) -> int:
        """Extend a checksum by this chunk, as `zlib.crc32` does."""
        a, b, c, d = self._tables
        low = a[checksum & 255] ^ b[checksum >> 8 & 255]
        return low ^ c[checksum >> 16 & 255] ^ d[checksum >> 24]


def _table(data: bytes, shift: int) -> array[int]:
    """List what a chunk makes of each byte of a checksum; the first table has its own, too."""
    own = zlib.crc32(data)
    table = [0 if shift else own]
    for bit in range(shift, shift + 8):
        contribution = zlib.crc32(data, 1 << bit) ^ own
        table += [known ^ contribution for known in table]
    return array("L", table)


def _parts(texts: Sequence[bytes]) -> list[_Part]:
    parts: list[_Part] = []
    first = 0
    for n, text in enumerate(texts):
        if len(text) >= _MIN_COMPRESSED or n == len(texts) - 1:
            pattern = _pattern([b"", *texts[first:n], b""])
            parts.append(_Part(pattern, slice(first, n + 1), _Chunk(text)))
            first = n + 1
    return parts


def _pattern(texts: Sequence[bytes]) -> bytes:
    return b"%b".join(text.replace(b"%", b"%%") for text in texts)


def _compress(data: bytes) -> bytes:
    compressor = zlib.compressobj(_BEST, wbits=_RAW_DEFLATE)
    return compressor.compress(data) + compressor.flush(zlib.Z_FULL_FLUSH)


def _store(data: bytes) -> bytes:
    size = len(data)
    if size > _MAX_BLOCK:
        starts = range(0, size, _MAX_BLOCK)
        return b"".join(_store(data[start : start + _MAX_BLOCK]) for start in starts)
    return _BLOCK.pack(0, size, size ^ 0xFFFF) + data
