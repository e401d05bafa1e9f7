"""The caller of an event: the connection and the session on whose behalf it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from ...core.errors import ConnectionLost, NotAuthenticated
from ...core.session import Session
from .connections import Connection

_connection: ContextVar[Connection | None] = ContextVar("connection", default=None)
_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


@dataclass(eq=False, slots=True)
class Caller:
    """The connection and the session of one event, from its start to its end."""

    connection: Connection
    sid: str | None
    event: str
    is_signed_out: bool = False

    @property
    def is_valid(self) -> bool:
        """Whether the socket still belongs to this session.

        An event that signed out may go on until its page has gone: the next user has another one.
        """
        if self.is_signed_out and not self.connection.is_open:
            return False
        return self.connection.sid == self.sid

    @property
    def session(self) -> Session | None:
        """The session as it was last verified; None once the caller has lost it."""
        return self.connection.session if self.sid and self.is_valid else None

    def owns(self, tab: str) -> bool:
        """Tell whether the event was sent from a tab."""
        return self.connection.tab == tab


def current_caller() -> Caller | None:
    """Return the caller of the running event; None outside of events."""
    return _caller.get()


def require_caller() -> Caller:
    """Find the caller of the running event, whose session has not ended."""
    caller = _caller.get()
    if caller is None:
        raise ConnectionLost
    if not caller.is_valid:
        raise NotAuthenticated
    return caller


def new_caller(event: str) -> Caller | None:
    """Create the caller of an event that starts here: inherited, or the socket's."""
    parent = _caller.get()
    if parent is not None:
        return Caller(parent.connection, parent.sid, event, parent.is_signed_out)
    connection = _connection.get()
    return None if connection is None else Caller(connection, connection.sid, event)


def current_connection() -> Connection | None:
    """Return the socket, or the owner of the upload, that is being served."""
    return _connection.get()


@contextmanager
def serving(connection: Connection) -> Iterator[None]:
    """Serve a socket: events that start meanwhile belong to it."""
    token = _connection.set(connection)
    try:
        yield
    finally:
        _connection.reset(token)


@contextmanager
def running_for(caller: Caller | None) -> Iterator[None]:
    """Run something on behalf of a caller, or of none."""
    token, socket = _caller.set(caller), _connection.set(None)
    try:
        yield
    finally:
        _connection.reset(socket)
        _caller.reset(token)
