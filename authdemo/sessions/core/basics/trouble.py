"""Saying once that something fails, however often it is tried."""

from __future__ import annotations

import logging

logger = logging.getLogger("authdemo.sessions")


class Trouble:
    """Something that may stop working, and may work again.

    Attributes:
        is_on: Whether it fails by now.
    """

    def __init__(self, begins: str, ends: str = "") -> None:
        """Describe it.

        Args:
            begins: What to log when it starts to fail.
            ends: What to log when it works again, if ever it can.
        """
        self.is_on = False
        self._begins = begins
        self._ends = ends

    def begin(self, error: Exception) -> None:
        """Note that it failed."""
        if not self.is_on:
            logger.error("%s (%s)", self._begins, error)
        self.is_on = True

    def end(self) -> None:
        """Note that it worked."""
        if self.is_on:
            logger.info(self._ends)
        self.is_on = False
