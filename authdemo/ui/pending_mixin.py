"""What every form and button of a page keeps: whether it is at work, and why it was refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import reflex as rx

from authdemo.sessions import AuthError


class PendingMixin(rx.State, mixin=True):
    """A state whose handlers say when they are at work."""

    pending: bool = False
    error: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)

    @rx.event
    def clear(self) -> None:
        """Clear what is left of an earlier visit: the state of a tab outlives its page."""
        self._rest()

    def _begin(self) -> None:
        self.pending, self.error = True, {}

    def _rest(self) -> None:
        self.pending, self.error = False, {}

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn a refusal into the message, and be at rest afterwards, whatever was raised."""
        try:
            yield
        except AuthError as error:
            self.error = error.to_dict()
        finally:
            self.pending = False
