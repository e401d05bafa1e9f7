"""What the states of the forms share, and who may use them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import reflex as rx

from authdemo.sessions import AuthError, Session, protected


def acts_for_themselves(session: Session[Any]) -> bool:
    """Whether the user acts, and no administrator who acts as them."""
    return session.actor is None


only_user = protected(check=acts_for_themselves)
"""Keeps a state, its event handlers and vars, from administrators who act as its user.

What they may have is marked `protected` itself: what reads, and what is shown.
"""


class PendingMixin(rx.State, mixin=True):
    """A state whose handlers say when they are at work, and why something was rejected.

    Attributes:
        pending: Whether a handler is at work.
        error: Why the last one was rejected, for `explain`.
    """

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

    def _reject(self, error: AuthError) -> None:
        self.error = error.to_dict()

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Show why something is rejected, and be at rest afterwards, whatever was raised."""
        self._begin()
        try:
            yield
        except AuthError as error:
            self._reject(error)
        finally:
            self.pending = False
