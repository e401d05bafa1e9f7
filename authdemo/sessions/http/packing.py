"""Gzip (RFC 1952) for pages of which only a little differs from request to request.

What is always the same is packed once, each piece by itself and up to a whole byte. What
differs is put between the pieces as it is (RFC 1951, section 3.2.4), so that packing a page
costs no more than joining it; and what is secret never changes the length of what it stands
beside.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence

_BEST = 9
_NO_HEADER = -zlib.MAX_WBITS
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_LAST_BLOCK = b"\x03\x00"
_LONGEST_BLOCK = 0xFFFF
_BLOCK = struct.Struct("<BHH")
_END = struct.Struct("<II")


def packed(octets: bytes) -> bytes:
    """Pack a piece that is always the same.

    Args:
        octets: The piece.

    Returns:
        Blocks of deflate, none of which is the last.
    """
    packer = zlib.compressobj(_BEST, wbits=_NO_HEADER)
    return packer.compress(octets) + packer.flush(zlib.Z_FULL_FLUSH)


def as_it_is(octets: bytes) -> bytes:
    """Put a piece between packed ones.

    Args:
        octets: The piece.

    Returns:
        Blocks of deflate, none of which is the last.
    """
    blocks = []
    while len(octets) > _LONGEST_BLOCK:
        blocks.append(_stored(octets[:_LONGEST_BLOCK]))
        octets = octets[_LONGEST_BLOCK:]
    return b"".join((*blocks, _stored(octets)))


def joined(pieces: Iterable[bytes], end: bytes) -> bytes:
    """Put pieces together.

    Args:
        pieces: The pieces, packed or as they are.
        end: The end that belongs to them; see `Beginning`.

    Returns:
        A gzip file.
    """
    return b"".join((_HEADER, *pieces, _LAST_BLOCK, end))


class Beginning:
    """The first piece of texts that all begin alike, which is added up once."""

    def __init__(self, octets: bytes) -> None:
        """Add the piece up.

        Args:
            octets: The piece.
        """
        self._checksum = zlib.crc32(octets)

    def end(self, pieces: Sequence[bytes]) -> bytes:
        """Write the end of a gzip file: a checksum, and the length (RFC 1952, section 2.3.1).

        Args:
            pieces: All pieces, unpacked, of which the first is this one.

        Returns:
            Eight octets.
        """
        checksum = self._checksum
        for piece in pieces[1:]:
            checksum = zlib.crc32(piece, checksum)
        return _END.pack(checksum, sum(map(len, pieces)) & 0xFFFFFFFF)


def _stored(octets: bytes) -> bytes:
    return _BLOCK.pack(0, len(octets), len(octets) ^ 0xFFFF) + octets
