"""Gzip (RFC 1952) for pages of which only a little differs from request to request.

Constant texts are compressed once, each for itself and up to a whole byte. Values are stored
between them uncompressed (RFC 1951, section 3.2.4). So compressing a page costs little more than
its checksum, and a secret value never changes the length of what stands beside it.
"""

from __future__ import annotations

import struct
import zlib
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
        self._parts = _parts(others)

    def fill(self, values: Values) -> bytes:
        return self._pattern % values

    def fill_gzip(self, values: Values) -> Sequence[bytes]:
        """Fill in the values, compressed."""
        pieces = [self._first]
        for pattern, placeholders, compressed in self._parts:
            pieces += _store(pattern % values[placeholders]), compressed
        document = self.fill(values)
        size = len(document) & 0xFFFFFFFF
        return [*pieces, _TRAILER.pack(_LAST_BLOCK, zlib.crc32(document), size)]


class _Part(NamedTuple):
    """Placeholders with texts between them that are too short to compress, and the next text."""

    pattern: bytes
    placeholders: slice
    compressed: bytes


def _parts(texts: Sequence[bytes]) -> list[_Part]:
    parts: list[_Part] = []
    first = 0
    for n, text in enumerate(texts):
        if len(text) >= _MIN_COMPRESSED or n == len(texts) - 1:
            pattern = _pattern([b"", *texts[first:n], b""])
            parts.append(_Part(pattern, slice(first, n + 1), _compress(text)))
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
