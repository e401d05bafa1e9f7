"""Where the app's log goes."""

from __future__ import annotations

import logging


def write_to_stderr() -> None:
    """Write the app's log to standard error, one line an entry."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("authdemo")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
