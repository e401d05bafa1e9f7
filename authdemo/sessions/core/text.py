"""Text from outside: normalized, escaped for logs, checked for invisible characters."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable, Sequence


def folded(text: str) -> str:
    """Normalize letter case and width, to compare texts (Unicode: NFKC_Casefold)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


MAX_CHARACTERS = 4096
_MAX_LINES = 500

_formatter = logging.Formatter()


def printable(text: str, maximum: int = MAX_CHARACTERS) -> str:
    """Escape what isn't printable, such as line breaks and bidi overrides, and truncate."""
    kept = text[:maximum]
    if not kept.isprintable():
        kept = "".join(map(_escaped, kept))
    return kept if len(text) <= maximum else f"{kept}... ({len(text)} characters)"


def printable_lines(text: str) -> str:
    """Escape a text of several lines, such as a traceback, and indent all but the first."""
    lines = text.rstrip("\n").split("\n", _MAX_LINES)[:_MAX_LINES]
    first, *others = map(printable, lines)
    return "\n    ".join((first, *others))


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


class Printable(logging.Filter):
    """Makes log records printable, for every formatter.

    A message becomes one line; with `has_lines` it keeps its line breaks.
    """

    def __init__(self, *, has_lines: bool = False, values: re.Pattern[str] | None = None) -> None:
        super().__init__()
        self._escape = printable_lines if has_lines else printable
        self._values = values

    def filter(self, record: logging.LogRecord) -> bool:
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
    """Add a `Printable` to some loggers, and to their handlers, which loggers below them share."""
    loggers = list(map(logging.getLogger, names))
    for each in (*loggers, *(handler for logger in loggers for handler in logger.handlers)):
        if not any(isinstance(added, Printable) for added in each.filters):
            each.addFilter(Printable(has_lines=has_lines, values=values))


def _ranges(text: str) -> list[range]:
    ends = ([int(code, 16) for code in part.split("-")] for part in text.split())
    return [range(each[0], each[-1] + 1) for each in ends]


IGNORABLE = _ranges(
    "AD 34F 61C 115F-1160 17B4-17B5 180B-180F 200B-200F 202A-202E 2060-206F 3164 FE00-FE0F "
    "FEFF FFA0 FFF0-FFF8 1BCA0-1BCA3 1D173-1D17A E0000-E0FFF"
)
"""`Default_Ignorable_Code_Point` in `DerivedCoreProperties.txt` of Unicode 17.0."""

HIDDEN = _ranges(
    "0-1F 7F-9F AD 600-605 61C 6DD 70F 890-891 8E2 180E 200B 200E-200F 2028-202E 2060-206F "
    "D800-F8FF FDD0-FDEF FEFF FFF0-FFFB 110BD 110CD 13430-1343F 1BCA0-1BCA3 1D173-1D17A "
    "FFFE-FFFF 1FFFE-1FFFF 2FFFE-2FFFF 3FFFE-3FFFF 4FFFE-4FFFF 5FFFE-5FFFF 6FFFE-6FFFF "
    "7FFFE-7FFFF 8FFFE-8FFFF 9FFFE-9FFFF AFFFE-AFFFF BFFFE-BFFFF CFFFE-CFFFF DFFFE-E00FF "
    "E01F0-E0FFF EFFFE-10FFFF"
)
"""Controls, formats, surrogates, private use, line separators, noncharacters and unassigned
ignorable characters of Unicode 17.0; not the joiners U+200C and U+200D of Persian and emoji, nor
other unassigned characters."""

REGIONS = ("gbeng", "gbsct", "gbwls")
"""Flags that are written in tags: `RGI_Emoji_Tag_Sequence` in `emoji-sequences.txt`."""

_BLANK_PATTERN = "\u2800"
"""Braille's pattern without dots, a symbol to Unicode."""


def _class_of(ranges: Sequence[range]) -> str:
    return "".join(f"{chr(codes[0])}-{chr(codes[-1])}" for codes in ranges)


def _tagged(region: str) -> str:
    return "".join(chr(0xE0000 + ord(letter)) for letter in region)


VISIBLE_CHARACTER = re.compile(rf"[^\s{_class_of(IGNORABLE)}{_BLANK_PATTERN}]")
HIDDEN_CHARACTER = re.compile(f"[{_class_of(HIDDEN)}]")
TAGGED_FLAG = re.compile("\U0001f3f4(?:" + "|".join(map(_tagged, REGIONS)) + ")\U000e007f")
