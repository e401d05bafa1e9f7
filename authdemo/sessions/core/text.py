"""Text from outside: normalized, escaped for logs, checked for invisible characters."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable, Sequence


def folded(text: str) -> str:
    """Spell a text without letter case and width, to compare it (Unicode: NFKC_Casefold)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


MAX_CHARACTERS = 4096
_MAX_LINES = 500

_formatter = logging.Formatter()


def printable(text: str, most: int = MAX_CHARACTERS) -> str:
    """Escape all that is not printed, line breaks and bidi overrides included, and cut the rest."""
    kept = text[:most]
    if not kept.isprintable():
        kept = "".join(map(_escaped, kept))
    return kept if len(text) <= most else f"{kept}... ({len(text)} characters)"


def printable_lines(text: str) -> str:
    """Escape a text of several lines, such as a traceback; the first alone begins on the left."""
    lines = text.rstrip("\n").split("\n", _MAX_LINES)[:_MAX_LINES]
    first, *others = map(printable, lines)
    return "\n    ".join((first, *others))


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


class Printable(logging.Filter):
    """Makes log records printable, whatever formats them.

    A message becomes one line; `has_lines` keeps the line breaks of another package's messages,
    which are tracebacks among others, and indents what follows them.
    """

    def __init__(self, *, has_lines: bool = False, values: re.Pattern[str] | None = None) -> None:
        super().__init__()
        self._escape = printable_lines if has_lines else printable
        self._values = values

    def filter(self, record: logging.LogRecord) -> bool:
        """Make one record printable; every record passes."""
        message = record.getMessage()
        shown = message if self._values is None else self._values.sub("", message)
        if (shown := self._escape(shown)) != message:
            record.msg, record.args = shown, None
        if record.exc_info and not record.exc_text:
            record.exc_text = printable_lines(_formatter.formatException(record.exc_info))
        return True


def make_printable(
    names: Iterable[str], *, has_lines: bool = False, values: re.Pattern[str] | None = None
) -> None:
    """Make all records of some loggers printable; see `Printable`."""
    for name in names:
        logger = logging.getLogger(name)
        if not any(isinstance(each, Printable) for each in logger.filters):
            logger.addFilter(Printable(has_lines=has_lines, values=values))


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

HIDDEN: Sequence[range] = (
    range(0x0020),
    range(0x007F, 0x00A0),
    range(0x00AD, 0x00AE),
    range(0x0600, 0x0606),
    range(0x061C, 0x061D),
    range(0x06DD, 0x06DE),
    range(0x070F, 0x0710),
    range(0x0890, 0x0892),
    range(0x08E2, 0x08E3),
    range(0x180E, 0x180F),
    range(0x200B, 0x200C),
    range(0x200E, 0x2010),
    range(0x2028, 0x202F),
    range(0x2060, 0x2070),
    range(0xD800, 0xF900),
    range(0xFDD0, 0xFDF0),
    range(0xFEFF, 0xFF00),
    range(0xFFF0, 0xFFFC),
    range(0x110BD, 0x110BE),
    range(0x110CD, 0x110CE),
    range(0x13430, 0x13440),
    range(0x1BCA0, 0x1BCA4),
    range(0x1D173, 0x1D17B),
    *(range(last - 1, last + 1) for last in range(0xFFFF, 0xDFFFF, 0x10000)),
    range(0xDFFFE, 0xE0100),
    range(0xE01F0, 0xE1000),
    range(0xEFFFE, 0x110000),
)
"""What no text on a page needs, of Unicode 17.0: controls, formats, surrogates, private use,
separators of lines, noncharacters, and what is ignorable and not assigned.

The joiners U+200C and U+200D are left out: Persian is not written without them, and many an emoji
neither. A character that is not assigned yet is none of these, since it may be a letter soon.
"""

REGIONS = ("gbeng", "gbsct", "gbwls")
"""Whose flags are written in tags: `RGI_Emoji_Tag_Sequence` in `emoji-sequences.txt`."""

_BLANK_PATTERN = "\u2800"
"""Braille's pattern without dots. Unicode counts it among the symbols."""


def _class_of(ranges: Sequence[range]) -> str:
    return "".join(f"{chr(codes[0])}-{chr(codes[-1])}" for codes in ranges)


def _tagged(region: str) -> str:
    return "".join(chr(0xE0000 + ord(letter)) for letter in region)


_SHOWN = re.compile(rf"[^\s{_class_of(IGNORABLE)}{_BLANK_PATTERN}]")
_HIDDEN = re.compile(f"[{_class_of(HIDDEN)}]")
_FLAG = re.compile("\U0001f3f4(?:" + "|".join(map(_tagged, REGIONS)) + ")\U000e007f")


def hides_something(text: str) -> bool:
    """Tell whether a text has a control character, or one that is not seen."""
    return _HIDDEN.search(text) is not None and _HIDDEN.search(_FLAG.sub("", text)) is not None


def shows_something(text: str) -> bool:
    """Tell whether a text has a character that is seen."""
    return _SHOWN.search(text) is not None
