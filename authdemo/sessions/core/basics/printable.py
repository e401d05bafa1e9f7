"""Text of clients in logs: no line of its own, no escape sequence, no more than so much."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

MAX_CHARACTERS = 4096
_MAX_LINES = 500

_formatter = logging.Formatter()


def printable(text: str, most: int = MAX_CHARACTERS) -> str:
    """Escape all that is not printed, line breaks and bidi overrides included, and cut the rest.

    Args:
        text: The text.
        most: How many of its characters stay.

    Returns:
        One line.
    """
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
        """Make a filter.

        Args:
            has_lines: Whether messages may have several lines.
            values: Matches what of a message holds values that a client sent; they are left out.
        """
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
