"""Characters that show nothing, though they are no blanks (UAX #44)."""

from __future__ import annotations

import re
from collections.abc import Sequence

IGNORABLE: Sequence[range] = (
    range(0x00AD, 0x00AE),
    range(0x034F, 0x0350),
    range(0x061C, 0x061D),
    range(0x115F, 0x1161),
    range(0x17B4, 0x17B6),
    range(0x180B, 0x1810),
    range(0x200B, 0x2010),
    range(0x202A, 0x202F),
    range(0x2060, 0x2070),
    range(0x3164, 0x3165),
    range(0xFE00, 0xFE10),
    range(0xFEFF, 0xFF00),
    range(0xFFA0, 0xFFA1),
    range(0xFFF0, 0xFFF9),
    range(0x1BCA0, 0x1BCA4),
    range(0x1D173, 0x1D17B),
    range(0xE0000, 0xE1000),
)
"""`Default_Ignorable_Code_Point` in `DerivedCoreProperties.txt` of Unicode 17.0."""

_BLANK_PATTERN = "\u2800"
"""Braille's pattern without dots. Unicode counts it among the symbols."""

_RANGES = "".join(f"{chr(codes[0])}-{chr(codes[-1])}" for codes in IGNORABLE)
_SHOWN = re.compile(rf"[^\s{_RANGES}{_BLANK_PATTERN}]")


def shows_something(text: str) -> bool:
    """Tell whether a text has a character that is seen.

    Args:
        text: The text.

    Returns:
        Whether not all of it is blanks and what is drawn as nothing.
    """
    return _SHOWN.search(text) is not None
