"""What every form and button of a page keeps: whether it is at work, and why it was refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import reflex as rx

from authdemo.sessions import AuthError


class Busy(rx.State, mixin=True):
    """A state whose handlers say when they are at work.

    Attributes:
        pending: Whether the server is at work.
        error: Why it refused; empty if it didn't.
    """

    pending: bool = False
    error: str = ""

    def _begin(self) -> None:
        self.pending, self.error = True, ""

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn a refusal into the message, and be at rest afterwards."""
        try:
            yield
        except AuthError as error:
            self.error = error.message
        self.pending = False
