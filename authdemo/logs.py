"""Where the app's log goes."""

from __future__ import annotations

import logging


class OneLine(logging.Formatter):
    """Writes each message as one line, so that no input can forge an entry."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Escape line breaks and other control characters of the message.

        Args:
            record: The entry.

        Returns:
            The entry without its traceback, which is written below it.
        """
        line = super().formatMessage(record)
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def write_to_stderr() -> None:
    """Write the app's log to standard error, one line an entry."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("authdemo")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
