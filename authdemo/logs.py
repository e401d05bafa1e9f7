"""Where the app's log goes."""

from __future__ import annotations

import asyncio
import atexit
import logging
import sys
from contextlib import nullcontext
from typing import TextIO


class OneLine(logging.Formatter):
    """Writes each entry as one line, so that no input can forge another; a traceback follows."""

    def __init__(self) -> None:
        """Begin."""
        super().__init__()
        self._second, self._time = 0, ""

    def format(self, record: logging.LogRecord) -> str:
        """Write an entry: its time, level, logger and message.

        Args:
            record: The entry.

        Returns:
            The line, in which control characters are escaped, and a traceback if there is one.
        """
        when = f"{self._time_of(record)},{int(record.msecs):03}"
        line = f"{when} {record.levelname} {record.name}: {record.getMessage()}"
        if not line.isprintable():
            line = "".join(map(_escaped, line))
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line

    def _time_of(self, record: logging.LogRecord) -> str:
        """Write the second once for all entries of it."""
        second = int(record.created)
        if second != self._second:
            self._second = second
            self._time = self.formatTime(record, "%Y-%m-%d %H:%M:%S")
        return self._time


class Together(logging.StreamHandler[TextIO]):
    """Writes the entries of one turn of the event loop at once, at its end.

    To write is to let all other threads of the process go first, which takes longer than
    everything else about an entry. A warning is written where it is.
    """

    def __init__(self, stream: TextIO) -> None:
        """Begin.

        Args:
            stream: Where entries go.
        """
        super().__init__(stream)
        self._lines: list[str] = []
        atexit.register(self.flush)

    def emit(self, record: logging.LogRecord) -> None:
        """Take an entry.

        Args:
            record: The entry.
        """
        self._lines.append(self.format(record) + self.terminator)
        if len(self._lines) == 1 or record.levelno >= logging.WARNING:
            self._write_soon(at_once=record.levelno >= logging.WARNING)

    def flush(self) -> None:
        """Write what was taken so far."""
        with self.lock or nullcontext():
            lines, self._lines = self._lines, []
            if lines:
                self.stream.write("".join(lines))
                self.stream.flush()

    def _write_soon(self, *, at_once: bool) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            at_once = True
        if at_once:
            self.flush()
        else:
            loop.call_soon(self.flush)


def write_to_stderr() -> None:
    """Write the app's log to standard error, one line an entry.

    Nothing of where an entry comes from is in the line, so nobody has to find it out.
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 - "Optimization" in its docs
    handler = Together(sys.stderr)
    handler.setFormatter(OneLine())
    logger = logging.getLogger("authdemo")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
