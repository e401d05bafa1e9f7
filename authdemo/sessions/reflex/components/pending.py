"""Forms that send the browser on: they are at work until it has gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Pending(Protocol):
    """A state that says whether the server is at work."""

    pending: bool


@contextmanager
def until_the_browser_goes_on(state: Pending) -> Iterator[None]:
    """Stay at work if all goes well, and be at rest if anything is raised.

    Args:
        state: The event handler's `self`.
    """
    goes_on = False
    try:
        yield
        goes_on = True
    finally:
        state.pending = goes_on
