"""The app's log: one line an entry, on standard error."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import sys
import time
from functools import lru_cache
from threading import Lock
from typing import TextIO


class BufferedStream:
    """Writes the lines of one turn of the event loop at once, at its end.

    Each write lets all other threads run first, which takes longer than the rest of a line.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._lock = Lock()
        atexit.register(self.flush)

    def write(self, line: str, *, at_once: bool = False) -> None:
        """Add a line."""
        with self._lock:
            self._lines.append(line)
            is_first = len(self._lines) == 1
        if at_once:
            self.flush()
        elif is_first:
            self._flush_soon()

    def flush(self) -> None:
        """Write all lines; a stream that fails doesn't raise."""
        with self._lock, contextlib.suppress(OSError):
            lines, self._lines = self._lines, []
            if lines:
                self._stream.write("\n".join((*lines, "")))
                self._stream.flush()

    def _flush_soon(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
        else:
            loop.call_soon(self.flush)


class LineHandler(logging.Handler):
    """Writes log entries, each as one line; a traceback follows, indented."""

    def __init__(self, stream: BufferedStream) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write an entry; `logging` shows one that can't be formatted."""
        try:
            self._stream.write(self.format(record), at_once=record.levelno >= logging.WARNING)
        except Exception:  # noqa: BLE001 - the caller goes on, as with `logging`'s own handlers
            self.handleError(record)

    def format(self, record: logging.LogRecord) -> str:
        """Format an entry: its time, level, logger and message."""
        message = f"{record.levelname} {record.name}: {record.getMessage()}"
        line = _line(record.created, message)
        if record.exc_info:
            trace = logging.Formatter().formatException(record.exc_info).rstrip("\n")
            line = "\n    ".join((line, *map(_printable, trace.split("\n"))))
        return line


_stderr = BufferedStream(sys.stderr)


def write_line(text: str) -> None:
    """Write the time and a text, for lines of every page: `logging` would take longer."""
    _stderr.write(_line(time.time(), text))


def write_to_stderr() -> None:
    """Write the app's log to standard error, one line an entry.

    Entries don't name their place in the source, so `logging` needn't find it.
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 - "Optimization" in its docs
    logger = logging.getLogger("authdemo")
    logger.handlers = [LineHandler(_stderr)]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _line(seconds: float, text: str) -> str:
    """Put the time before a text, so that no input in it can start a line of its own."""
    return _printable(f"{_moment(int(seconds * 1000))} {text}")


def _printable(line: str) -> str:
    return line if line.isprintable() else "".join(map(_escaped, line))


@lru_cache(1)
def _moment(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_second(seconds)},{rest:03}"


@lru_cache(1)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
