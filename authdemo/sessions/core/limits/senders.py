"""Who sends what the app works on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from .networks import network


def _stays() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Sender:
    """The client behind a request or an event.

    Attributes:
        network: The address of one subscriber; empty if it isn't known.
        has_left: Tells whether the client has disconnected, so that no answer reaches it.
    """

    network: str = ""
    has_left: Callable[[], bool] = _stays


_current: ContextVar[Sender] = ContextVar("sender", default=Sender())  # noqa: B039 - it is frozen


def current_sender() -> Sender:
    """Find the sender of the request or the event that runs."""
    return _current.get()


@contextmanager
def work_for(address: str, has_left: Callable[[], bool] = _stays) -> Iterator[None]:
    """Work for a sender, so that what takes long knows about it.

    Args:
        address: The sender's address.
        has_left: Tells whether the sender has disconnected.
    """
    token = _current.set(Sender(network(address), has_left))
    try:
        yield
    finally:
        _current.reset(token)
